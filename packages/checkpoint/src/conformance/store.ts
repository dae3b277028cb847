import assert from 'node:assert/strict';
import { isFleetError, type ErrorCode } from '@ddpm-fleet/core';
import { checkpointDigest } from '../digest.js';
import type { RetentionPolicy } from '../retention.js';
import type { CheckpointStore } from '../store.js';
import { sampleSnapshot, withPowerAverages } from './sample.js';

export type ConformanceTest = (title: string, body: (t: { pass(): void }) => Promise<void>) => void;

/** A store of its own, empty at first, and a way to damage what lies in it. */
export interface StoreBench {
  readonly store: CheckpointStore;
  /** Opens the same place again, as another process would. */
  readonly reopen: () => CheckpointStore;
  /** Paths relative to the store of all that it holds, LATEST and leftovers too. */
  readonly files: () => Promise<string[]>;
  readonly read: (path: string) => Promise<Buffer>;
  readonly write: (path: string, bytes: Buffer) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

const KEEP_ONE: RetentionPolicy = { keepLast: 1, keepEvery: 0, keepBest: 0 };

/** What every CheckpointStore must do, wherever its bytes lie. */
export function storeConformance(test: ConformanceTest, open: () => Promise<StoreBench>): void {
  const check = (title: string, body: (bench: StoreBench) => Promise<void>): void =>
    test(title, async (t) => {
      await body(await open());
      t.pass();
    });
  for (const [title, body] of [...SAVING, ...DAMAGE, ...KEEPING]) check(title, body);
}

type Case = readonly [string, (bench: StoreBench) => Promise<void>];

const SAVING: Case[] = [
  [
    'what is published is loaded, to the bit',
    async ({ store, reopen }) => {
      const snapshot = sampleSnapshot(7);
      const published = await store.publish(snapshot);
      assert.equal(published.digest, checkpointDigest(snapshot.state, snapshot.layout));
      const loaded = await reopen().load('newest');
      assert.deepEqual(loaded.snapshot, snapshot);
      assert.deepEqual([loaded.name, loaded.digest, loaded.skipped], ['step-00000007', published.digest, []]);
    },
  ],
  [
    'LATEST names the last one published, and nothing else is left lying about',
    async ({ store, files, read }) => {
      await store.publish(sampleSnapshot(1));
      await store.publish(sampleSnapshot(2));
      assert.equal((await read('LATEST')).toString(), 'step-00000002\n');
      const roots = new Set((await files()).map((path) => path.split('/')[0]));
      assert.deepEqual([...roots].toSorted(), ['LATEST', 'step-00000001', 'step-00000002']);
    },
  ],
  [
    'a step is published again in the place of the old one',
    async ({ store, files }) => {
      await store.publish(sampleSnapshot(3));
      const count = (await files()).length;
      const again = await store.publish(sampleSnapshot(3, 'other'));
      assert.equal((await store.load(3)).digest, again.digest);
      assert.equal((await files()).length, count);
    },
  ],
  [
    'the same state published twice is there once',
    async ({ store, files }) => {
      await store.publish(sampleSnapshot(3));
      const count = (await files()).length;
      await store.publish(sampleSnapshot(3));
      assert.equal((await files()).length, count);
      assert.deepEqual(await store.verify(), [{ name: 'step-00000003', globalStep: 3 }]);
    },
  ],
  [
    'several writers write shares of one state; it loads as if one had written it',
    async ({ store, reopen }) => {
      const snapshot = sampleSnapshot(11);
      const ticket = store.openTicket(11, 3);
      const written = await Promise.all(
        [0, 1, 2].map((share) => reopen().writeShare(ticket, share, snapshot)),
      );
      assert.deepEqual(await store.list(), []);
      const published = await store.publishShares(ticket, written.toReversed());
      assert.equal(published.digest, checkpointDigest(snapshot.state, snapshot.layout));
      assert.deepEqual((await store.load('newest')).snapshot, snapshot);
      assert.equal((await store.list())[0]!.manifest!.files.length, 13);
    },
  ],
  [
    'shares of unlike states, or too few of them, are not published',
    async ({ store }) => {
      const ticket = store.openTicket(5, 2);
      const first = await store.writeShare(ticket, 0, sampleSnapshot(5));
      const second = await store.writeShare(ticket, 1, sampleSnapshot(5, 'other'));
      await rejects(store.publishShares(ticket, [first]), 'DDPM_ERR_CHECKPOINT_SHARES', /share 1 of 2/);
      await rejects(store.publishShares(ticket, [first, second]), 'DDPM_ERR_CHECKPOINT_SHARES', /different/);
      await store.abandon(ticket);
      assert.deepEqual(await store.list(), []);
    },
  ],
  [
    'power averages are kept, and read alone',
    async ({ store }) => {
      const snapshot = withPowerAverages(sampleSnapshot(4));
      await store.publish(snapshot);
      assert.deepEqual((await store.load(4)).snapshot.state, snapshot.state);
      const { values } = await store.loadWeights(4, { relativeStd: 0.1 });
      assert.deepEqual(values, snapshot.state.emas[3]!.values);
      const absent = store.loadWeights(4, { relativeStd: 0.2 });
      await rejects(absent, 'DDPM_ERR_CHECKPOINT_WEIGHTS', /ema-0.9999, ema-std-0.05, ema-std-0.1/);
    },
  ],
  [
    'weights are read alone',
    async ({ store }) => {
      const { state } = sampleSnapshot(4);
      await store.publish(sampleSnapshot(4));
      assert.deepEqual((await store.loadWeights('newest', 'raw')).values, state.params);
      assert.deepEqual((await store.loadWeights(4, { decay: 0.9999 })).values, state.emas[1]!.values);
      await rejects(
        store.loadWeights(4, { decay: 0.5 }),
        'DDPM_ERR_CHECKPOINT_WEIGHTS',
        /raw, ema-0.99, ema-0.9999/,
      );
    },
  ],
];

const DAMAGE: Case[] = [
  [
    'an empty store and a step that is not there are told apart',
    async ({ store }) => {
      await rejects(store.load('newest'), 'DDPM_ERR_CHECKPOINT_NONE', /no checkpoint/);
      await store.publish(sampleSnapshot(2));
      await rejects(store.load(9), 'DDPM_ERR_CHECKPOINT_MISSING', /holds 2/);
    },
  ],
  [
    'a damaged file is named, and the next older checkpoint is used',
    async (bench) => {
      await bench.store.publish(sampleSnapshot(1));
      await bench.store.publish(sampleSnapshot(2));
      await damage(bench, /^step-00000002\/.*optimizer/);
      const loaded = await bench.store.load('newest');
      assert.equal(loaded.name, 'step-00000001');
      assert.deepEqual(
        loaded.skipped.map(({ name }) => name),
        ['step-00000002'],
      );
      assert.match(loaded.skipped[0]!.problem, /optimizer\.safetensors: its sha256/);
      await rejects(bench.store.load(2), 'DDPM_ERR_CHECKPOINT_BAD', /optimizer/);
      const problems = (await bench.store.verify()).map(({ problem }) => problem !== undefined);
      assert.deepEqual(problems, [true, false]);
    },
  ],
  [
    'a file that is missing or cut is seen without reading any',
    async (bench) => {
      await bench.store.publish(sampleSnapshot(1));
      await bench.store.publish(sampleSnapshot(2));
      const [cut] = await find(bench, /^step-00000001\/.*params/);
      await bench.write(cut!, (await bench.read(cut!)).subarray(0, 100));
      const [gone] = await find(bench, /^step-00000002\/.*params/);
      await bench.remove(gone!);
      const problems = (await bench.store.list()).map(({ problem }) => problem);
      assert.match(problems[0]!, /params\.safetensors: it is missing/);
      assert.match(problems[1]!, /params\.safetensors: it has 100 bytes/);
    },
  ],
  [
    'when none can be used each is named, and nothing is made up',
    async (bench) => {
      await bench.store.publish(sampleSnapshot(1));
      await bench.store.publish(sampleSnapshot(2));
      await damage(bench, /^step-00000001\/.*params/);
      await damage(bench, /^step-00000002\/.*manifest/);
      const both = /step-00000002 \(manifest\.json.*step-00000001 \(.*params/;
      await rejects(bench.store.load('newest'), 'DDPM_ERR_CHECKPOINT_ALL_BAD', both);
    },
  ],
];

const KEEPING: Case[] = [
  [
    'pruning keeps the last, every so many, and the best',
    async ({ store }) => {
      for (let step = 1; step <= 8; step++) await store.publish(sampleSnapshot(step));
      await store.prune({ keepLast: 2, keepEvery: 3, keepBest: 1 });
      const left = (await store.list()).map(({ globalStep }) => globalStep);
      assert.deepEqual(left, [8, 7, 6, 5, 3], 'step 5 has the lowest held-out loss');
    },
  ],
  [
    'pruning never removes the last one that is whole',
    async (bench) => {
      for (let step = 1; step <= 3; step++) await bench.store.publish(sampleSnapshot(step));
      await damage(bench, /^step-00000003\/.*params/);
      assert.deepEqual(await bench.store.prune(KEEP_ONE), ['step-00000001']);
      assert.equal((await bench.store.load('newest')).name, 'step-00000002');
      await damage(bench, /^step-00000002\/.*params/);
      assert.deepEqual(await bench.store.prune({ keepLast: 0, keepEvery: 0, keepBest: 0 }), []);
    },
  ],
  [
    'pruning keeps what LATEST points at, though newer steps are there',
    async ({ store }) => {
      for (const step of [1, 2, 3, 2]) await store.publish(sampleSnapshot(step));
      assert.deepEqual(await store.prune(KEEP_ONE), ['step-00000001']);
    },
  ],
  [
    'pruning leaves nothing of what it removes',
    async ({ store, files }) => {
      await store.publish(sampleSnapshot(1));
      await store.publish(sampleSnapshot(2));
      await store.prune(KEEP_ONE);
      assert.deepEqual(
        (await files()).filter((path) => path.startsWith('step-00000001')),
        [],
      );
    },
  ],
];

async function find({ files }: StoreBench, pattern: RegExp): Promise<string[]> {
  const found = (await files()).filter((path) => pattern.test(path));
  assert.notEqual(found.length, 0, `nothing matches ${pattern}`);
  return found;
}

async function damage(bench: StoreBench, pattern: RegExp): Promise<void> {
  const [path] = await find(bench, pattern);
  const bytes = Buffer.from(await bench.read(path!));
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 0x10;
  await bench.write(path!, bytes);
}

async function rejects(promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(isFleetError(error, code), `expected ${code}, got ${String(error)}`);
    assert.match(error.message, message);
    return true;
  });
}
