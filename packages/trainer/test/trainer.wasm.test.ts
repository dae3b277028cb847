import { openEngine } from '@ddpm-fleet/engine';
import test from 'ava';
import { openTestEngine, tinyConfig } from './support/tiny.js';
import { step } from './support/step.js';
import { ready, relativeDistance } from './support/trainerSuite.js';

test('wasm computes the step that TensorFlow computes', async (t) => {
  const config = tinyConfig('batch.numSlots=2', 'batch.slotBatchSize=1');
  const wasm = await openEngine({ kind: 'wasm', compiled: false, precision: 'float32', threads: 1 });
  const [slow, fast] = [await ready(wasm, config), await ready(await openTestEngine('eager'), config)];
  const [a, b] = [step(slow, config, 0, [1, 2]), step(fast, config, 0, [2])];
  t.deepEqual(a.t, b.t);
  t.true(relativeDistance(a.loss, b.loss) < 1e-5);
  t.true(relativeDistance(a.root, b.root) < 1e-4, `${relativeDistance(a.root, b.root)}`);
  const [x, y] = [slow.apply(a.root, a), fast.apply(b.root, b)];
  t.true(Math.abs(x.gradNorm / y.gradNorm - 1) < 1e-4);
  t.true(relativeDistance(slow.readState().params, fast.readState().params) < 1e-3);
});
