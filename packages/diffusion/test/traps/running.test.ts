// The ways in which diffusion code is usually wrong, by the number under which they are listed.
import * as tf from '@tensorflow/tfjs';
import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import {
  chooseTimesteps,
  device,
  diffusionTables,
  drawTimesteps,
  emptyLossHistory,
  float64,
  GaussianDiffusion,
  getBetaSchedule,
  respace,
  pSampleSteps,
  samplerPlan,
  trainingLosses,
  updateLossHistory,
  validateDiffusion,
  type GaussianDiffusionOptions,
} from '../../src/index.js';
import { HO } from '../support/diffusions.js';
import { given, golden, near, onDevice, reference } from '../support/golden.js';

const { inputs, cases } = golden;
const wanted = cases.mid;
const betas = getBetaSchedule('linear', 1e-4, 0.02, 1000);
const tables = diffusionTables(betas);
const net = given(reference, inputs.net);
const x = given(reference, wanted.q_sample);

function diffusionOf(options: Partial<GaussianDiffusionOptions> = {}) {
  return new GaussianDiffusion(float64, {
    betas,
    modelMeanType: 'eps',
    modelVarType: 'fixedSmall',
    ...options,
  });
}

test('trap 23: t is a function of seed and stream position alone, and seed 0 is a seed', (t) => {
  for (const sampler of ['uniform', 'stratified'] as const) {
    const draw = (seed: number, position: bigint) => [
      ...drawTimesteps({ sampler, numTimesteps: 1000, seed, position, count: 16, globalBatchSize: 16 }).t,
    ];
    t.deepEqual(draw(0, 32n), draw(0, 32n));
    t.notDeepEqual(draw(0, 32n), draw(1, 32n));
    t.notDeepEqual(draw(0, 32n), draw(0, 48n));
  }
});

test('trap 29: a respaced chain has betas and variances of its own and the t of the whole one', (t) => {
  const timesteps = chooseTimesteps(1000, 50, 'ddim');
  const short = respace(diffusionOf({ modelVarType: 'fixedLarge' }), timesteps);
  const ts = float64.timesteps([1, 49]);
  t.deepEqual([...short.modelTimesteps(ts).data], [20, 980]);
  const { variance } = short.pMeanVariance({ output: net, x, t: ts, clipDenoised: true });
  const own = 1 - tables.alphasCumprod[20]! / tables.alphasCumprod[0]!;
  near(t, reference, variance.data[0]!, own, 'variance');
  t.true(own > 50 * betas[1]!);
});

test('trap 30: few ancestral steps with fixedLarge are marked, and there is a way out', (t) => {
  const few = { sampler: 'ddpm', sampleSteps: 50 } as const;
  t.true(samplerPlan(HO, few).isNoisy);
  t.false(samplerPlan(HO, { ...few, variance: 'fixedSmall' }).isNoisy);
  t.false(samplerPlan(HO, { sampler: 'ddim', sampleSteps: 50 }).isNoisy);
  t.false(samplerPlan(HO, { sampler: 'ddpm' }).isNoisy);
});

test('trap 31: the history of losses is plain numbers, so a resumed sampler goes on as it was', (t) => {
  const ts = Int32Array.from({ length: 300 }, (_, i) => (i * 7) % 20);
  const half = updateLossHistory(
    emptyLossHistory(20),
    ts,
    Float32Array.from(ts, (at) => at / 7),
  );
  const restored = {
    losses: half.losses.slice(),
    counts: half.counts.slice(),
  };
  const draw = (history: typeof half) =>
    drawTimesteps({
      sampler: 'lossSecondMoment',
      numTimesteps: 20,
      seed: 3,
      position: 77n,
      count: 50,
      history,
    });
  t.deepEqual(draw(restored), draw(half));
  t.notDeepEqual(draw(half).t, draw(emptyLossHistory(20)).t);
});

test('trap 32: a sampling chain keeps nothing but its image', (t) => {
  const diffusion = GaussianDiffusion.fromConfig(device, { ...HO, numTimesteps: 12 });
  const xT = given(onDevice, inputs.eps);
  const counts: number[] = [];
  let previous: tf.Tensor | undefined;
  const steps = pSampleSteps(diffusion, {
    model: (image) => tf.mul(image, 0.5),
    noise: () => tf.zerosLike(xT),
    xT,
  });
  for (const { sample, predXStart } of steps) {
    predXStart.dispose();
    previous?.dispose();
    previous = sample;
    counts.push(tf.memory().numTensors);
  }
  t.is(new Set(counts).size, 1, counts.join(' '));
});

test('trap 34: jsd ends in pure noise: eps is refused, v goes on', (t) => {
  const jsd = { ...HO, betaSchedule: 'jsd', modelVarType: 'fixedSmall' } as const;
  t.is(diffusionTables(getBetaSchedule('jsd', 0, 0, 1000)).sqrtRecipAlphasCumprod[999], Infinity);
  t.true(
    isFleetError(
      t.throws(() => validateDiffusion(jsd)),
      'DDPM_ERR_DIFFUSION_CONFIG',
    ),
  );
  const diffusion = GaussianDiffusion.fromConfig(float64, { ...jsd, modelMeanType: 'v' });
  const p = diffusion.pMeanVariance({
    output: net,
    x,
    t: float64.timesteps([999, 998]),
    clipDenoised: false,
  });
  t.true(p.mean.data.every(Number.isFinite) && p.predXStart.data.every(Number.isFinite));
});

test('trap 35: T = 1, an empty warm-up and a stride that does not exist are named', (t) => {
  const one = t.throws(() => validateDiffusion({ ...HO, numTimesteps: 1 }));
  t.regex(one!.message, /numTimesteps is 1.*at least 2/);
  const warm = t.throws(() => validateDiffusion({ ...HO, numTimesteps: 9, betaSchedule: 'warmup10' }));
  t.regex(warm!.message, /warmup10 needs an integer of at least 10/);
  const stride = t.throws(() => samplerPlan(HO, { sampler: 'ddim', sampleSteps: 300, spacing: 'ddim' }));
  t.regex(stride!.message, /no integer stride.*exactly 300/);
});

test('trap 36: losses use operations only that tfjs can differentiate and a graph can hold', async (t) => {
  const diffusion = new GaussianDiffusion(device, {
    betas,
    modelMeanType: 'eps',
    modelVarType: 'learnedRange',
    lossType: 'hybrid',
    minSnrGamma: 5,
  });
  const [start, drawn] = [given(onDevice, inputs.x_start), given(onDevice, inputs.eps)];
  const output = tf.concat([given(onDevice, inputs.net), given(onDevice, inputs.netv)], 3);
  const total = (out: tf.Tensor) => {
    const args = { diffusion, model: () => out, xStart: start, t: device.timesteps(wanted.t), noise: drawn };
    return tf.sum(trainingLosses(args).weighted) as tf.Scalar;
  };
  const { kernelNames } = await tf.profile(() => tf.grad(total)(output));
  t.false(kernelNames.includes('Einsum'));
  t.true(kernelNames.includes('GatherV2') && kernelNames.includes('Select'));
});
