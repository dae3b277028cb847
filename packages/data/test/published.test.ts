import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { DataConfig } from '@ddpm-fleet/config';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { openDataset } from '../src/index.js';
import { behindProxy, onServer, upload } from './support/bucket.js';
import { dataConfig } from './support/config.js';
import { directoryOf } from './support/files.js';
import { idxBytes } from './support/idx.js';
import { encode, picture, png, sameBytes } from './support/images.js';
import { readAll, readSome } from './support/read.js';
import { twoShards } from './support/shards.js';
import { tarBytes } from './support/tar.js';

type Files = Record<string, Uint8Array>;

/** Of each format: its files, and the one that the path names, or none for their directory. */
async function formats(): Promise<[DataConfig['kind'], Files, string][]> {
  const pngs = await Promise.all([0, 1, 2, 3].map((i) => png(i, 8)));
  const grey = Buffer.concat([0, 1, 2, 3].map((i) => picture(i, 8, 8, 1)));
  const idx = { 'train-images-idx3-ubyte': idxBytes([4, 8, 8], grey) };
  const labels = { 'train-labels-idx1-ubyte': idxBytes([4], Uint8Array.of(1, 0, 1, 0)) };
  const cifar = Buffer.concat([0, 1, 2].flatMap((i) => [Buffer.of(i), picture(i, 32)]));
  const columnData = [
    { name: 'image', data: pngs, type: 'BYTE_ARRAY' as const },
    { name: 'label', data: [1, 0, 2, 1], type: 'INT32' as const },
  ];
  return [
    ['webdataset', await twoShards(), 'x-{0..1}.tar'],
    [
      'imageFolder',
      { 'b/1.png': pngs[0]!, 'a/2.png': pngs[1]!, 'a/.x.png': pngs[2]!, 'b/c/3.png': pngs[3]! },
      '',
    ],
    ['idx', { ...idx, ...labels }, ''],
    ['cifar10', { 'data_batch_1.bin': cifar }, 'data_batch_1.bin'],
    ['parquet', { 'data/train-0.parquet': new Uint8Array(parquetWriteBuffer({ columnData })) }, ''],
  ];
}

onServer('every format is the same on S3 as on disk, decoded whole or published', async (t) => {
  for (const [kind, files, file] of await formats()) {
    const channels = kind === 'idx' ? 1 : 3;
    const [local, remote] = [await directoryOf(t, files), await upload(files)];
    const home = await directoryOf(t);
    const disk = await openDataset(dataConfig({ kind, channels, path: join(local, file) }), { home });
    const config = dataConfig({ kind, channels, path: `${remote}/${file}` });
    for (const options of [{ publish: true }, { cacheBytes: 0 }]) {
      let decoded = 0;
      const onProgress = () => (decoded += 1);
      const dataset = await openDataset(config, { home: await directoryOf(t), ...options, onProgress });
      t.is(decoded, options.publish ? disk.size : 0);
      t.is(dataset.hash, disk.hash, kind);
      t.deepEqual(dataset.classNames, disk.classNames);
      t.true(sameBytes(await readAll(dataset), await readAll(disk)), kind);
      t.deepEqual(dataset.labels([2, 0, 1]), disk.labels([2, 0, 1]));
      await dataset.close();
    }
  }
});

/** Does not compress: 12 KB. */
function noise(index: number): Promise<Buffer> {
  let state = index + 1;
  const next = () => (state = (state * 48271) % 0x7fffffff) >> 8;
  return encode(Uint8Array.from({ length: 64 * 64 * 3 }, next), 64, 64);
}

onServer('of a published data set a machine reads the images it needs, and no others', async (t, s3) => {
  const images = await Promise.all(
    Array.from({ length: 120 }, async (_, i) => [`${i}.png`, await noise(i)] as const),
  );
  const shard = await tarBytes(Object.fromEntries(images));
  const config = dataConfig({ kind: 'webdataset', path: await upload({ 'x.tar': shard }) });
  const whole = await openDataset(config, { home: await directoryOf(t), publish: true });

  const proxy = await behindProxy(t, s3);
  let decoded = 0;
  const share = await openDataset(config, { home: await directoryOf(t), onProgress: () => (decoded += 1) });
  t.is(decoded, 0);
  t.is(share.hash, whole.hash);
  const opening = proxy.receivedBytes;
  t.true(opening < 20_000, `${opening} bytes to open it`);
  const mine = [3, 99, 17, 64];
  t.true(sameBytes(await readSome(share, mine), await readSome(whole, mine)));
  const wanted = mine.reduce((sum, i) => sum + images[i]![1].length, 0);
  const read = proxy.receivedBytes - opening;
  t.true(read < wanted + mine.length * 1000, `${read} bytes for images of ${wanted}`);
  t.log(
    `a shard of ${shard.length} bytes: ${opening} to open it, ${read} for ${mine.length} images of ${wanted}`,
  );
  await share.close();
  await whole.close();
});

onServer('the first pass asks for many images at once', async (t, s3) => {
  const images = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => [`${i}.png`, await png(i, 8)] as const),
  );
  const path = await upload({ 'x.tar': await tarBytes(Object.fromEntries(images)) });
  const proxy = await behindProxy(t, s3);
  const dataset = await openDataset(dataConfig({ kind: 'webdataset', path }), { home: await directoryOf(t) });
  t.is(dataset.size, 100);
  // A signed request has more than 400 bytes.
  t.true(proxy.sentBytes / 400 < 25, `at most ${Math.floor(proxy.sentBytes / 400)} requests for 100 images`);
});

test('what is not on S3 is not published', async (t) => {
  const path = await directoryOf(t, await twoShards());
  const opening = openDataset(dataConfig({ kind: 'webdataset', path }), {
    home: await directoryOf(t),
    publish: true,
  });
  await t.throwsAsync(opening, { code: 'DDPM_ERR_DATA_PUBLISH' });
  t.deepEqual(await readdir(path), ['x-0.tar', 'x-1.tar']);
});
