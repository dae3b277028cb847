import { emptyLossHistory, updateLossHistory } from '@ddpm-fleet/diffusion';
import { learningRate } from '@ddpm-fleet/config';
import { emaWeight } from '@ddpm-fleet/checkpoint';
import { emaName } from '@ddpm-fleet/core';
import { adamScalars, Trainer } from '../src/index.js';
import { test, useEngine } from './support/suite.js';
import { IMAGE, imagesAt, tinyConfig } from './support/tiny.js';
import { applyStep, step } from './support/step.js';
import { ready, relativeDistance } from './support/trainerSuite.js';

useEngine('compiled');

const ONE_SLOT = ['batch.numSlots=1', 'batch.slotBatchSize=2'];

test.serial('a slot gives the gradient of the sum of its losses, dropout included', async (t) => {
  const config = tinyConfig(...ONE_SLOT);
  const trainer = await ready(t.context.engine, config);
  const state = trainer.initialState();
  state.params.forEach((value, i) => (state.params[i] = value + 0.05 * Math.sin(i)));
  trainer.loadState(state);
  const { root } = step(trainer, config, 0, [1]);
  const norm = Math.hypot(...root);
  const lossAt = (h: number): number => {
    trainer.loadState({ ...state, params: state.params.map((value, i) => value + (h * root[i]!) / norm) });
    const { loss } = step(trainer, config, 0, [1]);
    return loss.reduce((sum, value) => sum + value, 0);
  };
  const h = 0.01;
  const slope = (8 * (lossAt(h) - lossAt(-h)) - (lossAt(2 * h) - lossAt(-2 * h))) / (12 * h);
  t.true(Math.abs(slope / norm - 1) < 2e-3, `${slope} ${norm}`);
});

test.serial(
  'apply divides by the batch, clips, and moves by Adam (tf1), the moments in float32',
  async (t) => {
    const config = tinyConfig(...ONE_SLOT, 'optimizer.gradClipNorm=0.5', 'optimizer.lr=0.01');
    const trainer = await ready(t.context.engine, config);
    const before = trainer.readState();
    const grads = [0, 1].map((k) => before.params.map((_, i) => Math.fround(Math.sin(i + 7 * k))));
    let m = new Float64Array(before.params.length);
    let v = new Float64Array(before.params.length);
    let w = Float64Array.from(before.params);
    for (const [k, root] of grads.entries()) {
      const { gradNorm, lr } = trainer.apply(root, { t: new Int32Array(2), loss: new Float32Array(2) });
      const norm = Math.hypot(...root) / 2;
      t.true(Math.abs(gradNorm / norm - 1) < 1e-5, 'the norm before clipping');
      t.is(lr, learningRate(config.optimizer, k));
      const { stepSize, epsilon } = adamScalars(config.optimizer, k, lr);
      const g = Float64Array.from(root, (value) => (value / 2) * (0.5 / norm));
      m = m.map((value, i) => value + 0.1 * (g[i]! - value));
      v = v.map((value, i) => value + 0.001 * (g[i]! ** 2 - value));
      w = w.map((value, i) => value - (stepSize * m[i]!) / (Math.sqrt(v[i]!) + epsilon));
    }
    const after = trainer.readState();
    t.true(relativeDistance(after.optimizer.m, Float32Array.from(m)) < 1e-5);
    t.true(relativeDistance(after.optimizer.v, Float32Array.from(v)) < 1e-5);
    const moved = after.params.map((value, i) => value - before.params[i]!);
    t.true(
      relativeDistance(
        moved,
        Float32Array.from(w, (value, i) => value - before.params[i]!),
      ) < 1e-4,
    );
  },
);

test.serial('trap 19: the first update of a warm-up moves the moments and not the weights', async (t) => {
  const config = tinyConfig(...ONE_SLOT, 'optimizer.warmupSteps=10');
  const trainer = await ready(t.context.engine, config);
  const before = trainer.readState();
  t.is(applyStep(trainer, config, 0).lr, 0);
  const after = trainer.readState();
  t.deepEqual(after.params, before.params);
  t.true(after.optimizer.m.some((value) => value !== 0));
  t.is(applyStep(trainer, config, 1).lr, 0.0002);
  t.notDeepEqual(trainer.readState().params, before.params);
});

test.serial(
  'trap 24: each EMA moves once, after the optimizer; its first update is an exact copy',
  async (t) => {
    const config = tinyConfig(...ONE_SLOT);
    const trainer = await ready(t.context.engine, config);
    applyStep(trainer, config, 0);
    const first = trainer.readState();
    t.deepEqual(first.emas.map(emaName), ['ema-0.5', 'ema-0.99', 'ema-std-0.05', 'ema-std-0.1']);
    for (const { values } of first.emas) t.deepEqual(values, first.params);
    applyStep(trainer, config, 1);
    const second = trainer.readState();
    second.emas.forEach((ema, e) => {
      const weight = emaWeight(ema, config.ema, 1);
      const expected = first.emas[e]!.values.map(
        (old, i) => old + Math.fround(weight * Math.fround(second.params[i]! - old)),
      );
      t.deepEqual(ema.values, expected, emaName(ema));
    });
  },
);

test.serial('slot clip bounds the mean gradient of each slot, and nothing clips the root', async (t) => {
  const clip = 0.01;
  const config = tinyConfig(...ONE_SLOT, 'optimizer.gradClip=slot', `optimizer.gradClipNorm=${clip}`);
  const trainer = await ready(t.context.engine, config);
  const { root, t: ts, loss } = step(trainer, config, 0, [1]);
  t.true(Math.abs(Math.hypot(...root) / 2 / clip - 1) < 1e-4);
  const big = root.map((value) => 100 * value);
  trainer.apply(big, { t: ts, loss });
  const largest = Math.max(...big.map(Math.abs));
  const at = big.findIndex((value) => Math.abs(value) === largest);
  t.true(Math.abs(trainer.readState().optimizer.m[at]! / (0.1 * (big[at]! / 2)) - 1) < 1e-5);
});

test.serial('importance-sampled t: the history is what all images of the steps did, in order', async (t) => {
  const config = tinyConfig(
    'batch.numSlots=2',
    'diffusion.timestepSampler=lossSecondMoment',
    'diffusion.numTimesteps=2',
  );
  const trainer = await ready(t.context.engine, config);
  let history = emptyLossHistory(2);
  for (let k = 0; k < 8; k++) {
    const { root, t: ts, loss } = step(trainer, config, k, [1, 2]);
    trainer.apply(root, { t: ts, loss });
    history = updateLossHistory(history, ts, loss);
  }
  const { derived } = trainer.readState();
  t.deepEqual(
    derived.map(({ name }) => name),
    ['lossHistory.counts', 'lossHistory.losses'],
  );
  t.deepEqual(derived[0]!.values, history.counts);
  t.deepEqual(derived[1]!.values, history.losses);
  t.true(
    history.counts.every((count) => count === 10),
    'from here on t are not uniform',
  );
  const other = await Trainer.create(t.context.engine, config, IMAGE);
  other.loadState(trainer.readState());
  const [a, b] = [step(trainer, config, 8, [2]), step(other, config, 8, [1, 2])];
  t.deepEqual(b.root, a.root);
  t.deepEqual(b.t, a.t);
});

test.serial('a held-out loss belongs to its image, however many there are', async (t) => {
  const config = tinyConfig(...ONE_SLOT);
  const trainer = await ready(t.context.engine, config);
  const images = imagesAt(0, 3);
  const [three, two] = [
    trainer.heldOutLoss(images, 'raw'),
    trainer.heldOutLoss(images.subarray(0, 2 * 192), 'raw'),
  ];
  const third = 3 * three - 2 * two;
  t.true(third > 0.5 && third < 2, `${third}`);
});

test.serial('a state of another run is refused', async (t) => {
  const trainer = await ready(t.context.engine, tinyConfig(...ONE_SLOT));
  const state = trainer.initialState();
  t.throws(() => trainer.loadState({ ...state, emas: state.emas.slice(1) }), {
    code: 'DDPM_ERR_CHECKPOINT_STATE',
  });
  t.throws(() => trainer.loadState({ ...state, params: new Float32Array(3) }), {
    code: 'DDPM_ERR_CHECKPOINT_STATE',
  });
});

test('what cannot be trained is refused before the device is touched', async (t) => {
  const create = (...set: string[]) => Trainer.create(t.context.engine, tinyConfig(...set), IMAGE);
  await t.throwsAsync(create('model.chMult=[1,1,1,1,1]', 'model.attnResolutions=[]'), {
    code: 'DDPM_ERR_MODEL_SIZE',
  });
  await t.throwsAsync(create('model.numGroups=32'), { code: 'DDPM_ERR_MODEL_CONFIG' });
  await t.throwsAsync(create('diffusion.modelVarType=learned'), { code: 'DDPM_ERR_DIFFUSION_CONFIG' });
  await t.throwsAsync(create('optimizer.weightDecay=0.1'), { code: 'DDPM_ERR_OPTIMIZER' });
});
