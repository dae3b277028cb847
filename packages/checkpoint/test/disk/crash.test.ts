import test from 'ava';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { philoxFill } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { nodeFileSystem, type FileSystem } from '../../src/disk/fileSystem.js';
import { DiskMedium } from '../../src/disk/medium.js';
import { checkpointDigest } from '../../src/index.js';
import { MediumStore } from '../../src/mediumStore.js';
import { CrashingFileSystem } from '../support/crashing.js';
import { temporaryDirectory } from '../support/directory.js';
import { MemoryDisk, type Survivors } from '../../src/memory/index.js';

const PLACE = '/run/checkpoints';
const OLD = sampleSnapshot(1);
const storeOn = (fs: FileSystem, directory = PLACE): MediumStore =>
  new MediumStore(new DiskMedium(directory, fs));
const digestOf = ({ state, layout }: typeof OLD): string => checkpointDigest(state, layout);

/** What is being done when the process dies, on a store that holds `OLD` and whatever `before` adds. */
interface Scenario {
  readonly before: (store: MediumStore) => Promise<unknown>;
  readonly act: (store: MediumStore) => Promise<unknown>;
  /** Snapshots that may be found afterwards if it died, and if it did not. */
  readonly died: readonly (typeof OLD)[];
  readonly lived: readonly (typeof OLD)[];
}

const NEW = sampleSnapshot(2);
const NEXT = sampleSnapshot(9);
const CHANGED = sampleSnapshot(1, 'another');
const SCENARIOS: Record<string, Scenario> = {
  'a save of a new step': {
    before: async () => {},
    act: (store) => store.publish(NEW),
    died: [OLD, NEW],
    lived: [NEW],
  },
  'a save that replaces the only checkpoint': {
    before: async () => {},
    act: (store) => store.publish(CHANGED),
    died: [OLD, CHANGED],
    lived: [CHANGED],
  },
  'a prune': {
    before: (store) => store.publish(NEW),
    act: (store) => store.prune({ keepLast: 1, keepEvery: 0, keepBest: 0 }),
    died: [NEW],
    lived: [NEW],
  },
};

/** What survives of everything that was not synced: nothing, all, or by chance. */
const LOSSES: Survivors[] = [() => 0, (count) => count, ...Array.from({ length: 4 }, (_, i) => byChance(i))];

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`power fails at every system call of ${name}: the newest whole checkpoint loads`, async (t) => {
    const calls = await callsOf(scenario);
    t.true(calls >= 10, `${calls} calls`);
    for (let at = 1; at <= calls + 1; at++) {
      const { disk, lived } = await play(scenario, at);
      for (const loss of LOSSES) {
        await assertSurvived(disk.afterPowerLoss(loss), lived ? scenario.lived : scenario.died);
      }
    }
    t.log(`${calls} calls, ${LOSSES.length} kinds of loss each`);
    t.pass();
  });
}

/** A disk that says it has synced a directory, and has not. */
class UnsyncedDisk extends MemoryDisk {
  override async syncDirectory(): Promise<void> {}
}

test('without syncs the same test finds what is lost', async (t) => {
  const { disk } = await play(SCENARIOS['a save of a new step']!, Infinity, new UnsyncedDisk());
  await t.throwsAsync(
    assertSurvived(
      disk.afterPowerLoss(() => 0),
      [NEW],
    ),
  );
});

test('the process is killed at every system call of a save on a real file system', async (t) => {
  const directory = await temporaryDirectory(t);
  const base = join(directory, 'base');
  await storeOn(nodeFileSystem, base).publish(OLD);
  const counter = new CrashingFileSystem(nodeFileSystem);
  await cp(base, join(directory, '0'), { recursive: true });
  await storeOn(counter, join(directory, '0')).publish(NEW);
  for (let at = 1; at <= counter.calls; at++) {
    const place = join(directory, String(at));
    await cp(base, place, { recursive: true });
    const fs = new CrashingFileSystem(nodeFileSystem, at);
    const lived = await storeOn(fs, place)
      .publish(NEW)
      .then(
        () => true,
        () => false,
      );
    t.true(fs.crashed);
    await assertSurvived(nodeFileSystem, lived ? [NEW] : [OLD, NEW], place);
  }
});

async function callsOf(scenario: Scenario): Promise<number> {
  const { fs } = await play(scenario, Infinity);
  return fs.calls;
}

async function play(
  scenario: Scenario,
  at: number,
  disk = new MemoryDisk(),
): Promise<{ disk: MemoryDisk; fs: CrashingFileSystem; lived: boolean }> {
  await storeOn(disk).publish(OLD);
  await scenario.before(storeOn(disk));
  const fs = new CrashingFileSystem(disk, at);
  let lived = true;
  await scenario.act(storeOn(fs)).catch((error: unknown) => {
    if (!fs.crashed) throw error;
    lived = false;
  });
  return { disk, fs, lived };
}

/** The store holds one of `allowed` as its newest, LATEST names a whole one, and the next save is not in its way. */
async function assertSurvived(
  fs: FileSystem,
  allowed: readonly (typeof OLD)[],
  directory = PLACE,
): Promise<void> {
  const store = storeOn(fs, directory);
  const loaded = await store.load('newest');
  if (loaded.skipped.length > 0) throw new Error(`${loaded.skipped[0]!.name}: ${loaded.skipped[0]!.problem}`);
  if (!allowed.some((snapshot) => digestOf(snapshot) === loaded.digest))
    throw new Error(`found ${loaded.name}`);
  const whole = (await store.verify()).filter(({ problem }) => problem === undefined);
  const latest = (await store.list()).find(({ isLatest }) => isLatest);
  if (!whole.some(({ name }) => name === latest?.name))
    throw new Error(`LATEST names ${latest?.name ?? 'nothing'}`);
  await store.publish(NEXT);
  if ((await store.load('newest')).digest !== digestOf(NEXT)) throw new Error('the next save is not found');
}

function byChance(seed: number): Survivors {
  const words = philoxFill({ seed, purpose: 0, counter: 0n }, new Uint32Array(4096));
  let at = 0;
  return (count) => words[at++ % words.length]! % (count + 1);
}
