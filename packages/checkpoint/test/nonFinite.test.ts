import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { sampleSnapshot } from '../src/conformance/sample.js';
import { openStore, type CheckpointStore } from '../src/index.js';

/** Steps 1 and 2, the second damaged by `damage`; everything else in it is finite. */
async function storeWith(t: ExecutionContext, damage: (state: Damaged) => void): Promise<CheckpointStore> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-non-finite-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const store = openStore(dir);
  for (const step of [1, 2]) {
    const snapshot = sampleSnapshot(step);
    if (step === 2) damage(snapshot.state);
    await store.publish(snapshot);
  }
  return store;
}

type Damaged = ReturnType<typeof sampleSnapshot>['state'];

for (const [what, damage] of [
  ['params', ({ params }) => (params[5] = NaN)],
  ['an average', ({ emas }) => (emas[0]!.values[7] = Infinity)],
  ['a moment', ({ optimizer }) => (optimizer.v[3] = -Infinity)],
] as [string, (state: Damaged) => void][]) {
  test(`verify names a number that is none in ${what}`, async (t) => {
    const store = await storeWith(t, damage);
    const verdicts = await store.verify();
    t.deepEqual(
      verdicts.map(({ globalStep, problem }) => [globalStep, problem !== undefined]),
      [
        [2, true],
        [1, false],
      ],
    );
    t.regex(verdicts[0]!.problem!, /holds (NaN|-?Infinity) \(element \d+\): training had diverged/);
  });
}

test('weights that are not finite are refused, and no older ones are taken in their place', async (t) => {
  const store = await storeWith(t, ({ params }) => (params[5] = NaN));
  for (const which of [2, 'newest'] as const) {
    const error = await t.throwsAsync(() => store.loadWeights(which, 'raw'), {
      code: 'DDPM_ERR_CHECKPOINT_NON_FINITE',
    });
    t.regex(error!.message, /step-00000002 hold NaN \(element 5\)/);
  }
  await t.notThrowsAsync(() => store.loadWeights(1, 'raw'));
  await t.notThrowsAsync(
    () => store.loadWeights(2, { decay: 0.99 }),
    'an average that is finite can be used',
  );
});

test('prune keeps the newest finite one', async (t) => {
  const store = await storeWith(t, ({ params }) => (params[5] = NaN));
  await store.prune({ keepLast: 1, keepEvery: 0, keepBest: 0 });
  t.true((await store.list()).some(({ globalStep }) => globalStep === 1));
});
