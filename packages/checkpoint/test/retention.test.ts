import test from 'ava';
import { applyPolicy, type RetentionPolicy } from '../src/retention.js';
import type { CheckpointInfo } from '../src/index.js';
import { encodeManifest, decodeManifest, manifestHead } from '../src/manifest.js';
import { sampleSnapshot } from '../src/conformance/sample.js';

/** Held-out losses by step; `undefined` was not measured, `bad` is damaged. */
function infos(losses: Record<number, number | 'bad' | undefined>, latest: number): CheckpointInfo[] {
  return Object.entries(losses)
    .map(([step, loss]) => infoOf(Number(step), loss, latest))
    .toReversed();
}

function infoOf(globalStep: number, loss: number | 'bad' | undefined, latest: number): CheckpointInfo {
  const sample = sampleSnapshot(globalStep);
  const losses = typeof loss === 'number' ? { heldOut: loss } : {};
  const head = manifestHead({ ...sample, meta: { ...sample.meta, losses } }, 'd');
  const manifest = decodeManifest(encodeManifest(head, []), '');
  const known = { name: `step-${globalStep}`, globalStep, isLatest: globalStep === latest, sizeBytes: 1 };
  return loss === 'bad' ? { ...known, problem: 'broken' } : { ...known, manifest };
}

function kept(
  losses: Parameters<typeof infos>[0],
  latest: number,
  policy: Partial<RetentionPolicy>,
): number[] {
  const all = { keepLast: 0, keepEvery: 0, keepBest: 0, ...policy };
  return applyPolicy(infos(losses, latest), all).keep.map(({ globalStep }) => globalStep);
}

const LOSSES = { 10: 0.5, 20: 0.2, 30: undefined, 40: 0.4, 50: 0.3 };

test('the last, every so many, and the best are each kept', (t) => {
  t.deepEqual(kept(LOSSES, 50, { keepLast: 2 }), [50, 40]);
  t.deepEqual(kept(LOSSES, 50, { keepEvery: 20 }), [50, 40, 20]);
  t.deepEqual(kept(LOSSES, 50, { keepBest: 2 }), [50, 20]);
  t.deepEqual(kept(LOSSES, 50, { keepLast: 1, keepEvery: 30, keepBest: 1 }), [50, 30, 20]);
});

test('what LATEST points at is kept', (t) => {
  t.deepEqual(kept(LOSSES, 30, { keepLast: 1 }), [50, 30]);
});

test('damaged ones are not counted, and not removed', (t) => {
  const losses = { 10: 1, 20: 1, 30: 'bad', 40: 'bad' } as const;
  t.deepEqual(kept(losses, 40, { keepLast: 1 }), [20]);
  const policy = { keepLast: 1, keepEvery: 0, keepBest: 0 };
  t.deepEqual(
    applyPolicy(infos(losses, 40), policy).remove.map(({ globalStep }) => globalStep),
    [10],
  );
});
