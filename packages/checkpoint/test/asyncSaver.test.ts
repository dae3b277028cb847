import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markAsUntransferable } from 'node:worker_threads';
import { makeLayout, mapState } from '@ddpm-fleet/core';
import { sampleSnapshot, withPowerAverages } from '../src/conformance/sample.js';
import {
  AsyncSaver,
  checkpointDigest,
  emptyLike,
  openAverages,
  openStore,
  SnapshotAverages,
  type Snapshot,
} from '../src/index.js';
import { temporaryDirectory } from './support/directory.js';

const BIG = makeLayout([{ name: 'W', shape: [1 << 18] }]);
const digestOf = ({ state, layout }: Snapshot): string => checkpointDigest(state, layout);

test('what is saved is the state at the call, though training changes it at once', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const snapshot = sampleSnapshot(1, 'usual', BIG);
  const digest = digestOf(snapshot);
  const { done } = await saver.save(snapshot);
  snapshot.state.params.fill(0);
  t.is((await done).digest, digest);
  t.is((await openStore(directory).load('newest')).digest, digest);
  await saver.close();
});

test('saves go on one at a time: the next waits for the one before, and none is lost', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const order: string[] = [];
  const saves = [1, 2, 3].map(async (step) => {
    const { done } = await saver.save(sampleSnapshot(step, 'usual', BIG));
    order.push(`begun ${step}`);
    await done;
    order.push(`done ${step}`);
  });
  t.true(saver.busy);
  await Promise.all(saves);
  t.deepEqual(
    order,
    [1, 2, 3].flatMap((step) => [`begun ${step}`, `done ${step}`]),
  );
  t.false(saver.busy);
  t.deepEqual(
    (await openStore(directory).verify()).map(({ problem }) => problem),
    [undefined, undefined, undefined],
  );
  await saver.close();
});

test('averages are saved alone, in their turn, and leave a given state on shared memory as it is', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const snapshot = withPowerAverages(sampleSnapshot(3));
  const shared = mapState(snapshot.state, ({ values }) => {
    const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
    copy.set(values);
    return copy;
  });
  const given = { ...snapshot, state: shared };
  const [{ sizeBytes }, { digest }] = await Promise.all([
    saver.saveAverages(given, 'float32', 'give'),
    saver.saveNow(given, 'give'),
  ]);
  t.is(digest, digestOf(snapshot));
  t.true(sizeBytes > 2 * 4 * snapshot.layout.size);
  const averages = await SnapshotAverages.open(openAverages(directory));
  t.deepEqual((await averages.make({ relativeStd: 0.05 })).values, snapshot.state.emas[2]!.values);
  await saver.close();
});

test('a state that is given is moved, not copied', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const snapshot = sampleSnapshot(4, 'usual', BIG);
  const digest = digestOf(snapshot);
  const { done } = await saver.save(snapshot, 'give');
  t.is(snapshot.state.params.length, 0);
  t.is((await done).digest, digest);
  await saver.close();
});

test('a state whose memory cannot be moved is copied instead', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const snapshot = sampleSnapshot(4, 'usual', BIG);
  markAsUntransferable(snapshot.state.params.buffer);
  const digest = digestOf(snapshot);
  t.is((await saver.saveNow(snapshot, 'give')).digest, digest);
  t.is(snapshot.state.params.length, BIG.size);
  await saver.close();
});

test('a state on shared memory is given as it is', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory);
  const like = sampleSnapshot(5);
  const state = emptyLike(like.state, (length) =>
    new Float32Array(new SharedArrayBuffer(length * 4)).fill(2),
  );
  const saved = await saver.saveNow({ ...like, state }, 'give');
  t.is(saved.digest, checkpointDigest(state, like.layout));
  await saver.close();
});

test('retention removes old ones after each publish', async (t) => {
  const directory = await temporaryDirectory(t);
  const saver = new AsyncSaver(directory, { retention: { keepLast: 2, keepEvery: 0, keepBest: 0 } });
  for (const step of [1, 2, 3]) await saver.saveNow(sampleSnapshot(step));
  t.deepEqual((await saver.saveNow(sampleSnapshot(4))).pruned, ['step-00000002']);
  t.deepEqual(await readdir(directory), ['LATEST', 'step-00000003', 'step-00000004']);
  await saver.close();
});

test('a save that fails says so, whether or not anyone waits for it, and the next one goes on', async (t) => {
  const directory = await temporaryDirectory(t);
  const place = join(directory, 'checkpoints');
  await writeFile(place, 'in the way');
  const saver = new AsyncSaver(place);
  const pending = await saver.save(sampleSnapshot(1));
  await t.throwsAsync(saver.saveNow(sampleSnapshot(2)), {
    code: 'DDPM_ERR_CHECKPOINT_WRITE',
    message: /ENOTDIR/,
  });
  await rm(place);
  t.is((await saver.saveNow(sampleSnapshot(3))).globalStep, 3);
  await t.throwsAsync(pending.done, { code: 'DDPM_ERR_CHECKPOINT_WRITE', message: /step 1/ });
  await saver.close();
});

test('several savers write shares of one state', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = openStore(directory);
  const snapshot = sampleSnapshot(6);
  const ticket = store.openTicket(6, 2);
  const savers = [0, 1].map(() => new AsyncSaver(directory));
  const pending = await Promise.all(savers.map((saver, share) => saver.saveShare(ticket, share, snapshot)));
  await store.publishShares(ticket, await Promise.all(pending.map(({ done }) => done)));
  t.deepEqual((await store.load('newest')).snapshot, snapshot);
  await Promise.all(savers.map((saver) => saver.close()));
});

test('a saver that is left alone does not keep its process alive, and a save under way is not cut off', async (t) => {
  const directory = await temporaryDirectory(t);
  const index = new URL('../src/index.js', import.meta.url).href;
  const sample = new URL('../src/conformance/sample.js', import.meta.url).href;
  const script = `import { AsyncSaver } from '${index}'; import { sampleSnapshot } from '${sample}';
new AsyncSaver('unused'); await new AsyncSaver(process.argv[1]).save(sampleSnapshot(1));`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script, directory], { timeout: 20_000 });
  t.is((await openStore(directory).load('newest')).name, 'step-00000001');
});
