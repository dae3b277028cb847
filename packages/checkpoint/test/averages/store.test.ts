import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleSnapshot, withPowerAverages } from '../../src/conformance/sample.js';
import { DiskMedium } from '../../src/disk/medium.js';
import type { FileSystem } from '../../src/disk/fileSystem.js';
import { powerWeight } from '../../src/averages/profile.js';
import { AverageStore } from '../../src/averages/store.js';
import { openAverages, openStore, SnapshotAverages, type Snapshot } from '../../src/index.js';
import { MemoryDisk } from '../../src/memory/index.js';
import { CrashingFileSystem } from '../support/crashing.js';
import { temporaryDirectory } from '../support/directory.js';

const STDS = [0.05, 0.075, 0.1] as const;
const STEPS = 400;

/** A training run of few parameters that tracks three widths, and what it looked like now and then. */
function run(): { snapshots: Snapshot[]; direct: Float32Array } {
  const sample = sampleSnapshot(0);
  const { size } = sample.layout;
  const averages = STDS.map(() => new Float64Array(size));
  const snapshots: Snapshot[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const params = Float32Array.from(
      { length: size },
      (_, i) => 2 + Math.sin(step / 70 + i) + Math.log(step) / 3,
    );
    for (const [a, std] of STDS.entries())
      params.forEach((value, i) => (averages[a]![i]! += powerWeight(std, step) * (value - averages[a]![i]!)));
    if (step % 25 > 0) continue;
    const emas = [0, 2].map((a) => ({ relativeStd: STDS[a]!, values: Float32Array.from(averages[a]!) }));
    snapshots.push({ ...sample, state: { ...sample.state, globalStep: step, params, emas } });
  }
  return { snapshots, direct: Float32Array.from(averages[1]!) };
}

const RUN = run();

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
}

for (const [type, limit, bytes] of [
  ['float32', 1e-4, 4],
  ['float16', 5e-4, 2],
  ['bfloat16', 4e-3, 2],
] as const) {
  test(`from ${type} snapshots a width between the tracked ones is as if it had been tracked`, async (t) => {
    const place = await temporaryDirectory(t);
    const store = openAverages(place);
    let sizeBytes = 0;
    for (const snapshot of RUN.snapshots) sizeBytes = (await store.publish(snapshot, type)).sizeBytes;
    const { size } = RUN.snapshots[0]!.layout;
    t.true(sizeBytes >= 2 * size * bytes && sizeBytes < 2 * (size * bytes + 1024), `${sizeBytes}`);
    const made = await (await SnapshotAverages.open(store)).make({ relativeStd: 0.075 });
    t.log(`profile error ${made.profileError}, weights ${distance(made.values, RUN.direct)}`);
    t.true(made.profileError < 0.004 && distance(made.values, RUN.direct) < limit);
    t.is(made.globalStep, STEPS);
    t.deepEqual(await openStore(place).list(), [], 'they are no checkpoints');
  });
}

test('a width that was tracked is given as it is, bit for bit, at each step of a snapshot', async (t) => {
  const store = openAverages(await temporaryDirectory(t));
  for (const snapshot of RUN.snapshots) await store.publish(snapshot, 'float32');
  const averages = await SnapshotAverages.open(store);
  for (const { state } of RUN.snapshots.slice(3, 5)) {
    const made = await averages.make({ relativeStd: 0.1 }, state.globalStep);
    t.deepEqual([made.values, made.profileError], [state.emas[1]!.values, 0]);
  }
});

test('a damaged snapshot is named and left out, and what is left may not be enough', async (t) => {
  const place = await temporaryDirectory(t);
  const store = openAverages(place);
  for (const snapshot of RUN.snapshots) await store.publish(snapshot, 'float32');
  const whole = (await SnapshotAverages.open(store)).fit({ relativeStd: 0.075 }).profileError;
  const damage = async (step: string, name: string): Promise<void> => {
    const file = join(place, 'averages', step, name);
    const bytes = await readFile(file);
    bytes[bytes.length - 9]! ^= 1;
    await writeFile(file, bytes);
  };
  await damage('step-00000375', 'ema-std-0.05.safetensors');
  await damage('step-00000350', 'manifest.json');
  const averages = await SnapshotAverages.open(store);
  const made = await averages.make({ relativeStd: 0.075 });
  t.deepEqual(
    averages.damaged.map(({ name, problem }) => `${name} ${problem.replace(/ is .*/, '')}`),
    ['step-00000350 manifest.json: its sha256', 'step-00000375 ema-std-0.05.safetensors: its sha256'],
  );
  t.log(
    `profile error ${whole}, without two snapshots ${made.profileError}, weights ${distance(made.values, RUN.direct)}`,
  );
  t.true(made.profileError > whole && distance(made.values, RUN.direct) < 5e-3);
  for (const step of [100, 125, 150, 175, 200, 225, 250, 275, 300, 325, 400])
    await damage(`step-${String(step).padStart(8, '0')}`, 'manifest.json');
  const few = await SnapshotAverages.open(store);
  const error = await t.throwsAsync(() => few.make({ relativeStd: 0.02 }, 400), {
    code: 'DDPM_ERR_AVERAGE_RANGE',
  });
  t.regex(error.message, /ema-std-0.02 after step 400 .* Possible there: .*step-00000350 was left out/);
});

test('nothing to make them of is said', async (t) => {
  const store = openAverages(await temporaryDirectory(t));
  const open = (): Promise<unknown> => SnapshotAverages.open(store);
  await t.throwsAsync(open, { code: 'DDPM_ERR_AVERAGES_NONE' });
});

test('the process dies at every system call of a snapshot: those there are stay, and the next is written', async (t) => {
  const storeOn = (fs: FileSystem): AverageStore => new AverageStore(new DiskMedium('/run/averages', fs));
  const [first, second] = [withPowerAverages(sampleSnapshot(1)), withPowerAverages(sampleSnapshot(2))];
  const play = async (at: number): Promise<{ disk: MemoryDisk; fs: CrashingFileSystem; lived: boolean }> => {
    const disk = new MemoryDisk();
    await storeOn(disk).publish(first, 'float32');
    const fs = new CrashingFileSystem(disk, at);
    const published = storeOn(fs).publish(second, 'float32');
    const lived = await published.then(
      () => true,
      () => false,
    );
    return { disk, fs, lived };
  };
  const { calls } = (await play(Infinity)).fs;
  t.true(calls > 10);
  for (let at = 1; at <= calls + 1; at++) {
    const { disk, lived } = await play(at);
    for (const loss of [() => 0, (count: number) => count]) {
      const store = storeOn(disk.afterPowerLoss(loss));
      const steps = (await store.list()).map(({ globalStep, problem }) => `${globalStep} ${problem ?? 'ok'}`);
      t.true(steps.join() === '1 ok,2 ok' || (!lived && steps.join() === '1 ok'), `${at}: ${steps.join()}`);
      await store.publish(withPowerAverages(sampleSnapshot(3)), 'float32');
      t.deepEqual((await (await SnapshotAverages.open(store)).make({ relativeStd: 0.1 })).globalStep, 3);
    }
  }
  t.log(`${calls} calls`);
});
