import test from 'ava';
import { auditJournal, type Audit } from '../../src/audit/index.js';
import type { Entry } from '../../src/machine/index.js';
import { checkpoint, end, joined, linesOf, rewind, SHAPE, start, step, STORY } from './journalText.js';

function audit(entries: readonly Entry[], checkpoints: { globalStep: number; digest: string }[] = []): Audit {
  const named = checkpoints.map((one) => ({ name: `step-${one.globalStep}`, ...one }));
  return auditJournal(linesOf(entries), { ...SHAPE, anchors: [], checkpoints: named });
}

function kinds(entries: readonly Entry[]): string[] {
  return audit(entries).findings.map(({ kind }) => kind);
}

test('the surviving line of a run that went back: every position once, by whom, and what was done twice', (t) => {
  const found = audit(STORY, [{ globalStep: 6, digest: 'digest 6' }]);
  t.like(found, {
    findings: [],
    lines: 15,
    globalStep: 6,
    positions: 48,
    rewinds: 1,
    recomputed: 2,
    recomputedEqual: 2,
    checkpointsEqual: 1,
    ended: { completed: true },
  });
  t.like(found.workers[0], { worker: 'worker-0', steps: 5, slots: 10, images: 20, abandonedSlots: 4 });
  t.like(found.workers[1], { worker: 'worker-1', steps: 6, slots: 14, images: 28, abandonedSlots: 4 });
  t.is(
    found.workers.reduce((sum, { images }) => sum + images, 0),
    found.positions,
  );
});

test('a slot that is missing, used twice, or beyond the step', (t) => {
  const withSlots = (...slots: [number, number, string][]) => kinds([start(), step(0, slots)]);
  t.deepEqual(withSlots([0, 1, 'a'], [2, 4, 'b']), ['positions']);
  t.deepEqual(withSlots([0, 3, 'a'], [2, 4, 'b']), ['positions']);
  t.deepEqual(withSlots([0, 3, 'a']), ['positions']);
  t.deepEqual(withSlots([0, 4, 'a'], [4, 8, 'b']), ['positions']);
  t.deepEqual(withSlots([0, 4, 'a']), []);
});

test('a step that was left out, or committed twice', (t) => {
  t.deepEqual(kinds([start(), step(0), step(2)]), ['positions']);
  t.deepEqual(kinds([start(), step(0), step(0)]), ['positions']);
});

test('a step that comes out otherwise when it is computed again, unless corruption was the reason', (t) => {
  const again = (distrusted: boolean) => [
    start(),
    step(0),
    step(1),
    rewind(1, 2, distrusted),
    step(1, [[0, 4, 'worker-0']], 'another gradient'),
  ];
  t.deepEqual(kinds(again(false)), ['recomputed']);
  t.deepEqual(kinds(again(true)), []);
});

test('a rewind that does not start where the run was, or goes forward', (t) => {
  t.deepEqual(kinds([start(), step(0), rewind(0, 3), step(0)]), ['order']);
  t.deepEqual(kinds([start(), step(0), rewind(5, 1), step(5)]), ['positions']);
});

test('a coordinator that starts, or an end, at another step than that of the lines', (t) => {
  t.deepEqual(kinds([start(), step(0), start(3, 4)]), ['order']);
  t.deepEqual(kinds([start(), step(0), end(2)]), ['order']);
  t.deepEqual(kinds([start(), joined('a', 5), joined('b', 4)]), ['order']);
});

test('checkpoints that differ from what the journal says of their step', (t) => {
  t.deepEqual(kinds([start(), step(0), checkpoint(1, 'x'), rewind(0, 1), step(0), checkpoint(1, 'y')]), [
    'checkpoint',
  ]);
  const found = audit([start(), step(0), checkpoint(1, 'x')], [{ globalStep: 1, digest: 'y' }]);
  t.regex(found.findings[0]!.detail, /checkpoint step-1 has digest y, the journal has x for step 1/);
});
