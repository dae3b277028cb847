import test from 'ava';
import { debugFlip, flipBit } from '../src/debugFlip.js';

test('the debug flip is off, for the worker that is named alone, and refuses what it cannot read', (t) => {
  t.is(debugFlip(undefined, 'worker-1'), undefined);
  t.is(debugFlip('', 'worker-1'), undefined);
  t.is(debugFlip('12:worker-1', 'worker-1'), 12);
  t.is(debugFlip('12:worker-1', 'worker-2'), undefined);
  t.throws(() => debugFlip('worker-1', 'worker-1'), { code: 'DDPM_ERR_WORKER_FLIP' });
});

test('one bit changes, and the value stays finite', (t) => {
  const values = Float32Array.of(0.1, 0.2);
  flipBit(values);
  t.not(values[0], Math.fround(0.1));
  t.true(Number.isFinite(values[0]));
  t.is(values[1], Math.fround(0.2));
});
