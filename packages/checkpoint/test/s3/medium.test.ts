import test, { type ExecutionContext } from 'ava';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLayout } from '@ddpm-fleet/core';
import { listObjects, listUploads, S3Client } from '@ddpm-fleet/s3';
import { Proxy } from '@ddpm-fleet/s3/test/proxy';
import { ACCESS_KEY, findServer, pointAt, S3Server, SECRET_KEY } from '@ddpm-fleet/s3/test/s3Server';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { storeConformance, type StoreBench } from '../../src/conformance/store.js';
import { AsyncSaver, checkpointDigest, openStore } from '../../src/index.js';

/** Parameters of 12 MB: two parts, and four of the optimizer. */
const BIG = makeLayout([
  { name: 'a', shape: [2 << 20] },
  { name: 'b', shape: [1 << 20] },
]);
const QUICK = { s3: { retryMs: 300 } };

const found = await findServer();
const missing = typeof found === 'string' ? found : '';
const server = typeof found === 'string' ? undefined : await S3Server.open(found.binary);
const noFiles = await mkdtemp(join(tmpdir(), 'ddpm-fleet-aws-'));
test.after.always(async () => {
  await server?.close();
  await rm(noFiles, { recursive: true, force: true });
});
pointAt(`http://127.0.0.1:${server?.port}`);

let places = 0;
const nextPlace = (): string => `s3://fleet/runs/${places++}`;

if (server) {
  storeConformance(test.serial, async () => s3Bench(nextPlace()));
} else {
  test.skip(`the S3 store: ${missing}`, () => {});
}

/** A test against the real server; one at a time, because they change the environment and kill the server. */
function onServer(title: string, body: (t: ExecutionContext, server: S3Server) => Promise<void>): void {
  if (server) test.serial(title, (t) => body(t, server));
}

onServer('a large state goes up in parts, comes down in ranges, and is the same', async (t) => {
  const store = openStore(nextPlace());
  const snapshot = sampleSnapshot(1, 'usual', BIG);
  await store.publish(snapshot);
  const loaded = await store.load('newest');
  t.is(loaded.digest, checkpointDigest(snapshot.state, BIG));
  t.deepEqual(await store.verify(), [{ name: 'step-00000001', globalStep: 1 }]);
});

onServer('a wrong secret is refused at once, and no key is in what is said', async (t) => {
  process.env.AWS_SECRET_ACCESS_KEY = 'another-secret';
  t.teardown(() => pointAt(`http://127.0.0.1:${server!.port}`));
  for (const act of [
    openStore(nextPlace()).publish(sampleSnapshot(1)),
    openStore(nextPlace()).load('newest'),
  ]) {
    const error = await t.throwsAsync(act, {
      code: 'DDPM_ERR_STORE_DENIED',
      message: /403 SignatureDoesNotMatch/,
    });
    t.notRegex(JSON.stringify([error, error.message, error.stack]), /another-secret|test-secret|test-access/);
  }
});

onServer('a bucket that does not exist is refused', async (t) => {
  const problem = { code: 'DDPM_ERR_STORE_LOCATION', message: /no such bucket/ } as const;
  await t.throwsAsync(openStore('s3://not-there/run').load('newest'), problem);
});

onServer('keys are found in the files of the AWS tools', async (t) => {
  const file = join(noFiles, 'credentials');
  await writeFile(file, `[mine]\naws_access_key_id = ${ACCESS_KEY}\naws_secret_access_key=${SECRET_KEY}\n`);
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
  t.teardown(() => pointAt(`http://127.0.0.1:${server!.port}`));
  await t.throwsAsync(openStore(nextPlace()).list(), { code: 'DDPM_ERR_STORE_CREDENTIALS' });
  process.env.AWS_SHARED_CREDENTIALS_FILE = file;
  process.env.AWS_PROFILE = 'mine';
  t.deepEqual(await openStore(nextPlace()).list(), []);
});

onServer('the server is killed in mid-upload and comes back: the save goes on', async (t, s3) => {
  const { store, proxy } = await behindProxy(t, s3);
  await store.publish(sampleSnapshot(1, 'usual', BIG));
  const killed = whenSent(proxy, 20 << 20, async () => {
    await s3.kill();
    await sleep(500);
    await s3.start();
    t.deepEqual(
      (await store.list()).map(({ name }) => name),
      ['step-00000001'],
      'half a save is not listed',
    );
  });
  await store.publish(sampleSnapshot(2, 'usual', BIG));
  await killed;
  t.deepEqual(
    (await store.verify()).map(({ problem }) => problem),
    [undefined, undefined],
  );
});

onServer(
  'the server stays away: the save fails, nothing half is listed, the next try goes on from its parts',
  async (t, s3) => {
    const { place, proxy } = await behindProxy(t, s3);
    const store = openStore(place, QUICK);
    await store.publish(sampleSnapshot(1, 'usual', BIG));
    const snapshot = sampleSnapshot(2, 'usual', BIG);
    const whole = proxy.sentBytes;
    const killed = whenSent(proxy, whole + 50e6, () => s3.kill());
    await t.throwsAsync(store.publish(snapshot), {
      code: 'DDPM_ERR_STORE_REQUEST',
      message: /Check that the service/,
    });
    await killed;
    await s3.start();
    t.is((await store.load('newest')).name, 'step-00000001');
    const before = proxy.sentBytes;
    await store.publish(snapshot);
    const again = proxy.sentBytes - before;
    t.true(again < whole / 2, `${again} of ${whole} bytes were sent again`);
    t.is((await store.load('newest')).digest, checkpointDigest(snapshot.state, BIG));
    t.log(`a save of ${whole} bytes, cut off after 50 MB, sent ${again} bytes when it was tried again`);
  },
);

onServer('the server is slow: training goes on meanwhile', async (t, s3) => {
  const { place, proxy } = await behindProxy(t, s3);
  proxy.bytesPerSecond = 20e6;
  const saver = new AsyncSaver(place);
  const { done } = await saver.save(sampleSnapshot(3, 'usual', BIG));
  let steps = 0;
  let longest = 0;
  const training = (async () => {
    while (saver.busy) {
      const start = performance.now();
      await sleep(5);
      longest = Math.max(longest, performance.now() - start);
      steps++;
    }
  })();
  await done;
  await training;
  await saver.close();
  t.true(steps > 20, `${steps} steps while it was saved`);
  t.log(`${steps} steps of 5 ms while it was saved, the longest took ${longest.toFixed(0)} ms`);
});

onServer('a server that hangs is given up, and the error says so', async (t, s3) => {
  const { place, proxy } = await behindProxy(t, s3);
  proxy.bytesPerSecond = 1;
  const store = openStore(place, { s3: { retryMs: 300, attemptMs: 200 } });
  await t.throwsAsync(store.list(), { code: 'DDPM_ERR_STORE_REQUEST', message: /timeout/ });
});

onServer('of many that publish at once each is there, and LATEST names one of them', async (t) => {
  const place = nextPlace();
  await Promise.all([1, 2, 3, 4, 5, 6].map((step) => openStore(place).publish(sampleSnapshot(step))));
  const infos = await openStore(place).list();
  t.is(infos.length, 6);
  t.is(infos.filter(({ isLatest }) => isLatest).length, 1);
});

onServer('a save leaves no upload open', async (t) => {
  const place = nextPlace();
  await openStore(place).publish(sampleSnapshot(1, 'usual', BIG));
  t.deepEqual(await listUploads(new S3Client(place, 'fleet'), place.slice('s3://fleet/'.length)), []);
});

async function behindProxy(
  t: ExecutionContext,
  s3: S3Server,
): Promise<{ store: ReturnType<typeof openStore>; place: string; proxy: Proxy }> {
  const proxy = await Proxy.open(s3.port);
  pointAt(proxy.url);
  t.teardown(async () => {
    pointAt(`http://127.0.0.1:${s3.port}`);
    await proxy.close();
  });
  const place = nextPlace();
  return { store: openStore(place), place, proxy };
}

/** Acts once, as soon as so many bytes have gone through. */
function whenSent(proxy: Proxy, bytes: number, act: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    proxy.onSent = (sent) => {
      if (sent < bytes) return;
      proxy.onSent = () => {};
      act().then(resolve, reject);
    };
  });
}

function s3Bench(place: string): StoreBench {
  const client = new S3Client(place, 'fleet');
  const prefix = `${place.slice('s3://fleet/'.length)}/`;
  return {
    store: openStore(place),
    reopen: () => openStore(place),
    files: async () =>
      (await listObjects(client, prefix)).map(({ key }) => key.slice(prefix.length)).toSorted(),
    read: async (path) => (await client.send({ method: 'GET', key: prefix + path })).body,
    write: async (path, bytes) =>
      void (await client.send({ method: 'PUT', key: prefix + path, body: Uint8Array.from(bytes) })),
    remove: async (path) => void (await client.send({ method: 'DELETE', key: prefix + path })),
  };
}
