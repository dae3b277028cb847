import test from 'ava';
import { overheadOf, sharesOf } from '../../src/bench/overhead.js';

const costs = { machineMs: 1, journalMs: 2, digestMs: 3 };
const none = { ms: 0, costs, slotsMs: 0, applyMs: 0, fingerprintMs: 0 };

/** Five steps of two workers, of which the first two settle and one is compared. */
function lines() {
  return [1, 2, 3, 4, 5].flatMap((globalStep) => [
    { ...none, msg: 'step', globalStep, ms: globalStep <= 2 ? 9000 : 100 },
    { ...none, msg: 'applied', globalStep, slotsMs: 80, applyMs: 15, fingerprintMs: 0 },
    {
      ...none,
      msg: 'applied',
      globalStep,
      slotsMs: 80,
      applyMs: 15,
      fingerprintMs: globalStep === 4 ? 50 : 0,
    },
  ]);
}

test('steps at the start, which compile, are not counted', (t) => {
  const overhead = overheadOf(lines(), 100, 2);
  t.is(overhead.stepMs, 100);
  t.is(overhead.computeCpuMs, 190);
  t.like(overhead, costs);
});

test('a comparison is spread over the steps from one to the next', (t) => {
  const overhead = overheadOf(lines(), 100, 2);
  t.is(overhead.fingerprintMs, 50);
  const { cpu, blocked } = sharesOf(overhead);
  t.is(blocked, (6 + 50 / 100) / 100);
  t.is(cpu, (6 + (2 * 50) / 100) / 190);
});

test('a fleet that is never compared pays nothing for it', (t) => {
  t.is(sharesOf(overheadOf(lines(), 0, 2)).blocked, 6 / 100);
});
