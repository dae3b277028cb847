import { setTimeout as sleep } from 'node:timers/promises';
import { openDataset } from '../../src/index.js';
import { bucket, hasServer, onServer, upload } from '../support/bucket.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { directoryOf } from '../support/files.js';
import { picture, png, sameBytes } from '../support/images.js';
import { readSome } from '../support/read.js';
import { EXPECTED, twoShards } from '../support/shards.js';
import { tarBytes } from '../support/tar.js';

const QUICK = { s3: { retryMs: 300 } };

if (hasServer) {
  const path = twoShards().then(upload);
  const make = async () => ({
    config: dataConfig({ kind: 'webdataset', path: await path }),
    expected: EXPECTED,
  });
  conform('shards on S3', make);
}

onServer('wrong keys, buckets and paths are refused in a line, no key in it', async (t) => {
  const path = await upload(await twoShards());
  const home = await directoryOf(t);
  const open = (at: string) => openDataset(dataConfig({ kind: 'webdataset', path: at }), { home, ...QUICK });
  for (const [at, code, message] of [
    [`${path}/none`, 'DDPM_ERR_DATA_MISSING', /none: there is nothing there/],
    [`${path}/x-{0..3}.tar`, 'DDPM_ERR_DATA_MISSING', /x-[23]\.tar: there is nothing there/],
    ['s3://not-there/x', 'DDPM_ERR_STORE_LOCATION', /no such bucket/],
    ['gs://bucket/x', 'DDPM_ERR_STORE_LOCATION', /gs:\/\/ is not known/],
  ] as const) {
    await t.throwsAsync(open(at), { code, message }, at);
  }
  process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret';
  const denied = /s3:\/\/fleet refused the request \(403 SignatureDoesNotMatch\)/;
  const error = await t.throwsAsync(open(path), { code: 'DDPM_ERR_STORE_DENIED', message: denied });
  t.notRegex(JSON.stringify([error, error.message, error.stack]), /another-secret|test-secret|test-access/);
  delete process.env['AWS_ACCESS_KEY_ID'];
  await t.throwsAsync(open(path), { code: 'DDPM_ERR_STORE_CREDENTIALS' });
});

onServer(
  'the server goes away while images are read: it is waited for, and named if it stays away',
  async (t, s3) => {
    const path = await upload(await twoShards());
    const config = dataConfig({ kind: 'webdataset', path, onBadImage: 'skip' });
    const options = { home: await directoryOf(t), cacheBytes: 0 };
    const patient = await openDataset(config, options);
    const hasty = await openDataset(config, { ...options, ...QUICK });
    await s3.kill();
    const back = sleep(700).then(() => s3.start());
    t.true(sameBytes(await readSome(patient, [5]), picture(5, 12)));
    await back;
    await s3.kill();
    const message = /s3:\/\/fleet: GET .*x-1\.tar failed: .*REFUSED/;
    await t.throwsAsync(readSome(hasty, [6]), { code: 'DDPM_ERR_STORE_REQUEST', message });
    await s3.start();
    t.true(sameBytes(await readSome(hasty, [6]), picture(6, 12)), 'the next read asks again');
    await Promise.all([patient.close(), hasty.close()]);
  },
);

onServer('a server that goes away in the first pass is no broken image to skip', async (t, s3) => {
  const images = Array.from({ length: 30 }, async (_, i) => [`${i}.png`, await png(i, 8)] as const);
  const path = await upload(Object.fromEntries(await Promise.all(images)));
  for (const size of [8, 0]) {
    let killed: Promise<void> | undefined;
    const opening = openDataset(dataConfig({ kind: 'imageFolder', path, onBadImage: 'skip', size }), {
      ...QUICK,
      home: await directoryOf(t),
      onProgress: () => {
        killed ??= s3.kill();
      },
    });
    await t.throwsAsync(opening, { code: 'DDPM_ERR_STORE_REQUEST' });
    await killed;
    await s3.start();
  }
});

onServer('an object that is replaced or removed under an open data set is refused', async (t) => {
  const path = await upload(await twoShards());
  const options = { home: await directoryOf(t), cacheBytes: 0 };
  const dataset = await openDataset(dataConfig({ kind: 'webdataset', path }), options);
  const key = `${path.slice('s3://fleet/'.length)}/x-0.tar`;
  const other = await tarBytes({ 'a.png': await png(9, 12), 'b.png': await png(8, 12) });
  await bucket.send({ method: 'PUT', key, body: Uint8Array.from(other) });
  const changed = { code: 'DDPM_ERR_DATA_CHANGED', message: /x-0\.tar is not what it was/ } as const;
  await t.throwsAsync(readSome(dataset, [0]), changed);
  await bucket.send({ method: 'DELETE', key });
  const gone = { code: 'DDPM_ERR_DATA_MISSING', message: /gone from the bucket/ } as const;
  await t.throwsAsync(readSome(dataset, [1]), gone);
  await dataset.close();
});
