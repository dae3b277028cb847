// The ways in which diffusion code is usually wrong, by the number under which they are listed.
import * as tf from '@tensorflow/tfjs';
import test from 'ava';
import {
  calcBpdLoop,
  device,
  diffusionTables,
  discretizedGaussianLogLikelihood,
  drawTimesteps,
  float64,
  GaussianDiffusion,
  getBetaSchedule,
  ndArray,
  trainingLosses,
  vbTermsBpd,
  type GaussianDiffusionOptions,
} from '../../src/index.js';
import { close, given, golden, near, onDevice, reference } from '../support/golden.js';

const { inputs, cases, schedules } = golden;
const wanted = cases.mid;
const betas = getBetaSchedule('linear', 1e-4, 0.02, 1000);
const tables = diffusionTables(betas);
const xStart = given(reference, inputs.x_start);
const noise = given(reference, inputs.eps);
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

test('trap 1: t is 0 .. T - 1, drawn for each image', (t) => {
  const { t: ts } = drawTimesteps({ sampler: 'uniform', numTimesteps: 3, seed: 0, position: 0n, count: 60 });
  t.deepEqual(
    [...new Set(ts)].sort((a, b) => a - b),
    [0, 1, 2],
  );
  near(
    t,
    reference,
    diffusionOf().qMeanVariance(xStart, float64.timesteps([0, 0])).variance.data[0]!,
    1e-4,
    't = 0',
  );
});

test('trap 2: tables are float64 until they are gathered', (t) => {
  const { timesteps, alphas_cumprod: want } = schedules.linear_T1000;
  const worst = (ours: Float64Array) =>
    Math.max(...timesteps.map((at: number, i: number) => Math.abs(ours[at]! / want[i] - 1)));
  t.true(worst(tables.alphasCumprod) < 1e-13, `${worst(tables.alphasCumprod)}`);
  t.true(worst(diffusionTables(Float32Array.from(betas)).alphasCumprod) > 1e-9);
  const rounded = device.lookup(tables.alphasCumprod, device.timesteps([999])).dataSync()[0];
  t.is(rounded, Math.fround(tables.alphasCumprod[999]!));
});

test('trap 3: the clipped posterior log-variance at t = 0 is that of t = 1', (t) => {
  const [first, second] = tables.posteriorLogVarianceClipped;
  near(t, reference, first!, -9.81672513529567, 'log pv[1]');
  t.is(first, second);
  t.not(first, golden.v1_clip_at_t0);
  t.true(Math.abs(first! - Math.log(1e-4)) > 0.5);
});

test('trap 4: fixedLarge uses it too, while its variance at t = 0 is still beta', (t) => {
  const diffusion = diffusionOf({ modelVarType: 'fixedLarge' });
  const p = diffusion.pMeanVariance({ output: net, x, t: float64.timesteps([0, 1]), clipDenoised: true });
  near(t, reference, p.logVariance.data[0]!, -9.81672513529567, 'log-variance 0');
  near(t, reference, p.variance.data[0]!, 1e-4, 'variance 0');
  near(t, reference, p.logVariance.data[1]!, Math.log(betas[1]!), 'log-variance 1');
});

test('trap 5: training does not clip, and clipping moves the mean except for xPrev', (t) => {
  const ts = float64.timesteps(wanted.t);
  const { loss } = trainingLosses({
    diffusion: diffusionOf({ lossType: 'kl' }),
    model: () => net,
    xStart,
    t: ts,
    noise,
  });
  close(t, reference, loss, wanted.vb_terms_bpd['eps|fixedsmall|clip=false'].output, 'unclipped');
  for (const modelMeanType of ['eps', 'xPrev'] as const) {
    const [free, clipped] = [false, true].map((clipDenoised) =>
      diffusionOf({ modelMeanType }).pMeanVariance({ output: net, x, t: ts, clipDenoised }),
    );
    t.notDeepEqual(free!.predXStart.data, clipped!.predXStart.data);
    if (modelMeanType === 'xPrev') t.deepEqual(free!.mean.data, clipped!.mean.data);
    else t.notDeepEqual(free!.mean.data, clipped!.mean.data);
    if (modelMeanType === 'eps')
      close(t, reference, free!.mean, wanted.zoubohao_unclipped_mean, 'closed form');
  }
});

/** A chain of five steps, its whole bound, and its kl losses at each t, all with the same noise. */
function shortChain() {
  const diffusion = new GaussianDiffusion(float64, {
    betas: getBetaSchedule('linear', 0.1, 0.9, 5),
    modelMeanType: 'eps',
    modelVarType: 'fixedSmall',
    lossType: 'kl',
  });
  const model = () => net;
  const bpd = calcBpdLoop(diffusion, { model, xStart, noise: () => noise, clipDenoised: false });
  const losses = Array.from({ length: 5 }, (_, at) => {
    return trainingLosses({ diffusion, model, xStart, t: float64.timesteps([at, at]), noise }).loss.data;
  });
  return { diffusion, model, bpd, losses };
}

test('trap 6: a kl loss is one term; the bound is T times its mean over t, plus the prior', (t) => {
  const { bpd, losses } = shortChain();
  for (const image of [0, 1]) {
    const mean = losses.reduce((sum, loss) => sum + loss[image]!, 0) / 5;
    near(t, reference, bpd.total.data[image]! - bpd.prior.data[image]!, 5 * mean, 'bound');
  }
  const rescaled = diffusionOf({ lossType: 'rescaledKl' });
  const kl = diffusionOf({ lossType: 'kl' });
  const args = { model: () => net, xStart, t: float64.timesteps(wanted.t), noise };
  close(
    t,
    reference,
    trainingLosses({ ...args, diffusion: rescaled }).loss,
    [...trainingLosses({ ...args, diffusion: kl }).loss.data].map((l) => 1000 * l),
    'rescaledKl',
  );
});

test('trap 7: bits per dimension do not grow with the image', (t) => {
  const diffusion = diffusionOf();
  const once = { output: net, xStart, xT: x, t: float64.timesteps(wanted.t), clipDenoised: true };
  const tall = (a: typeof net) => {
    const [images, height, ...rest] = a.shape;
    const size = a.data.length / images!;
    const rows = [0, 1].flatMap((b) => [0, 1].flatMap(() => [...a.data.subarray(b * size, (b + 1) * size)]));
    return ndArray(rows, [images!, 2 * height!, ...rest]);
  };
  const twice = { ...once, output: tall(net), xStart: tall(xStart), xT: tall(x) };
  close(t, reference, vbTermsBpd(diffusion, twice).vb, [...vbTermsBpd(diffusion, once).vb.data], 'vb');
});

test('trap 8: the probabilities of all 256 values sum to one, and the outer bins are open', (t) => {
  const values = Float64Array.from({ length: 256 }, (_, k) => k / 127.5 - 1);
  for (const [mean, logScale] of [
    [0, -3],
    [0.97, -2],
    [-1.4, -1],
    [0.2, 0],
  ] as const) {
    const full = (value: number) =>
      ndArray(
        values.map(() => value),
        [256],
      );
    const log = discretizedGaussianLogLikelihood(float64, {
      x: ndArray(values, [256]),
      mean: full(mean),
      logScale: full(logScale),
    });
    const total = log.data.reduce((sum, l) => sum + Math.exp(l), 0);
    t.true(Math.abs(total - 1) < 1e-9, `${mean} ${logScale}: ${total}`);
  }
});

test('trap 9: learned variances that overflow in the branch not taken leave the gradient finite', (t) => {
  const diffusion = new GaussianDiffusion(device, {
    betas,
    modelMeanType: 'eps',
    modelVarType: 'learned',
    lossType: 'kl',
  });
  // exp(120) is infinite in float32; at t = 0 only the decoder, with exp(60), is used.
  const values = tf.fill([2, 2, 2, 3], -120);
  const [start, drawn] = [given(onDevice, inputs.x_start), given(onDevice, inputs.eps)];
  const ts = device.timesteps([0, 0]);
  const total = (v: tf.Tensor) => {
    const model = () => tf.concat([drawn, v], 3);
    return tf.sum(
      trainingLosses({ diffusion, model, xStart: start, t: ts, noise: drawn }).weighted,
    ) as tf.Scalar;
  };
  t.true(Number.isFinite(total(values).dataSync()[0]));
  t.true([...tf.grad(total)(values).dataSync()].every(Number.isFinite));
});

test("trap 10: the mask of the noise is each image's own", (t) => {
  const diffusion = diffusionOf();
  const ts = float64.timesteps([0, 700]);
  const loud = float64.affine(noise, 100);
  const { sample } = diffusion.pSample({ output: net, x, t: ts, noise: loud, clipDenoised: true });
  const { mean } = diffusion.pMeanVariance({ output: net, x, t: ts, clipDenoised: true });
  const half = sample.data.length / 2;
  t.deepEqual(sample.data.slice(0, half), mean.data.slice(0, half));
  t.true(sample.data.slice(half).every((value, i) => value !== mean.data[half + i]));
});

test('trap 33: the sampler is told losses without its weights', (t) => {
  const args = { diffusion: diffusionOf(), model: () => net, xStart, t: float64.timesteps(wanted.t), noise };
  const plain = trainingLosses(args);
  const weighed = trainingLosses({ ...args, weights: ndArray([0.1, 9], [2]) });
  t.deepEqual(weighed.loss.data, plain.loss.data);
  t.deepEqual([...weighed.weighted.data], [0.1 * plain.loss.data[0]!, 9 * plain.loss.data[1]!]);
});

test('trap 37: the first half of the last axis is the mean', (t) => {
  const values = given(reference, inputs.netv);
  const diffusion = diffusionOf({ modelVarType: 'learned' });
  const args = { x, t: float64.timesteps(wanted.t), clipDenoised: true };
  const learned = diffusion.pMeanVariance({ ...args, output: float64.join(net, values) });
  t.deepEqual(learned.logVariance.data, values.data);
  t.deepEqual(learned.mean.data, diffusionOf().pMeanVariance({ ...args, output: net }).mean.data);
});

test('trap 39: a loss is a mean over the image, one number for each', (t) => {
  const args = { diffusion: diffusionOf(), model: () => net, xStart, t: float64.timesteps(wanted.t), noise };
  const { loss } = trainingLosses(args);
  t.deepEqual(loss.shape, [2]);
  const size = net.data.length / 2;
  const first = net.data.subarray(0, size).reduce((sum, v, i) => sum + (v - noise.data[i]!) ** 2, 0) / size;
  near(t, reference, loss.data[0]!, first, 'mean');
});
