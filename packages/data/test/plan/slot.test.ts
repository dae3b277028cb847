import test from 'ava';
import { epochOf, slotPosition } from '../../src/plan/index.js';

const SHAPE = { numSlots: 6, slotBatchSize: 8 };

test('trap 40: the slots of consecutive steps are full, and follow each other without gaps', (t) => {
  let next = 0n;
  for (let step = 0; step < 3; step++) {
    for (let slot = 0; slot < 6; slot++) {
      t.is(slotPosition(SHAPE, step, slot), next);
      next += 8n;
    }
  }
});

test('positions beyond 2^53 are exact', (t) => {
  t.is(
    slotPosition({ numSlots: 1024, slotBatchSize: 1023 }, 2 ** 40 + 1, 1023),
    (2n ** 40n + 1n) * 1047552n + 1046529n,
  );
});

test('an epoch begins with the step that begins in it', (t) => {
  t.deepEqual(
    [0, 1, 2, 3, 4].map((step) => epochOf(SHAPE, step, 100)),
    [0, 0, 0, 1, 1],
  );
  t.is(epochOf(SHAPE, 25, 100), 12);
});
