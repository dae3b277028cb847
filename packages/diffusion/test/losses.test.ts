import * as tf from '@tensorflow/tfjs';
import test from 'ava';
import {
  device,
  GaussianDiffusion,
  getBetaSchedule,
  minSnrWeights,
  diffusionTables,
  trainingLosses,
  type LossType,
  type ModelVarType,
} from '../src/index.js';
import { at, close, eachArithmetic, given, golden, near, onDevice, reference } from './support/golden.js';

const { inputs, cases } = golden;

function learned<T>(
  arithmetic: GaussianDiffusion<T>['arithmetic'],
  lossType: LossType,
  T = 1000,
  minSnrGamma = 0,
) {
  const betas = getBetaSchedule('linear', 1e-4, 0.02, T);
  const modelVarType: ModelVarType = 'learnedRange';
  return new GaussianDiffusion(arithmetic, {
    betas,
    modelMeanType: 'eps',
    modelVarType,
    lossType,
    minSnrGamma,
  });
}

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const xStart = given(subject, inputs.x_start);
  const noise = given(subject, inputs.eps);
  const t = arithmetic.timesteps(cases.mid.t);
  const output = arithmetic.join(given(subject, inputs.net), given(subject, inputs.netv));
  const model = () => output;
  const mse: number[] = cases.mid.training_losses['eps|fixedsmall|mse'];
  const vb: number[] = cases.mid.training_losses['eps|learned_range|kl'];

  test(`${subject.name}: hybrid is mse plus the term`, (ava) => {
    const got = trainingLosses({ diffusion: learned(arithmetic, 'hybrid'), model, xStart, t, noise });
    close(
      ava,
      subject,
      got.loss,
      mse.map((m, i) => m + vb[i]!),
      'hybrid',
    );
    close(ava, subject, got.terms.mse, mse, 'mse');
    close(ava, subject, got.terms.vb, vb, 'vb');
  });

  test(`${subject.name}: rescaledKl is T times the term`, (ava) => {
    const got = trainingLosses({ diffusion: learned(arithmetic, 'rescaledKl'), model, xStart, t, noise });
    close(
      ava,
      subject,
      got.loss,
      vb.map((v) => 1000 * v),
      'rescaledKl',
    );
  });

  test(`${subject.name}: rescaledMse adds T/1000 of the term`, (ava) => {
    const args = { model, xStart, t: arithmetic.timesteps([3, 70]), noise };
    const hybrid = trainingLosses({ ...args, diffusion: learned(arithmetic, 'hybrid', 100) });
    const rescaled = trainingLosses({ ...args, diffusion: learned(arithmetic, 'rescaledMse', 100) });
    const [m, v] = [subject.values(hybrid.terms.mse), subject.values(hybrid.terms.vb)];
    close(
      ava,
      subject,
      hybrid.loss,
      m.map((x, i) => x + v[i]!),
      'hybrid',
    );
    close(
      ava,
      subject,
      rescaled.loss,
      m.map((x, i) => x + v[i]! / 10),
      'rescaledMse',
    );
  });

  test(`${subject.name}: importance and min-SNR weights multiply what is differentiated, not what is told`, (ava) => {
    const weights = given(subject, [0.5, 4]);
    const diffusion = learned(arithmetic, 'hybrid', 1000, 5);
    const got = trainingLosses({ diffusion, model, xStart, t, noise, weights });
    close(
      ava,
      subject,
      got.loss,
      mse.map((m, i) => m + vb[i]!),
      'loss',
    );
    const snr = minSnrWeights(diffusion.tables, 'eps', 5);
    const want = mse.map((m, i) => [0.5, 4][i]! * (m * snr[cases.mid.t[i]]! + vb[i]!));
    close(ava, subject, got.weighted, want, 'weighted');
  });

  test(`${subject.name}: the model is given t times 1000/T where that is asked for`, (ava) => {
    const betas = getBetaSchedule('linear', 1e-3, 0.2, 50);
    const diffusion = new GaussianDiffusion(arithmetic, {
      betas,
      modelMeanType: 'eps',
      modelVarType: 'fixedLarge',
      rescaleTimesteps: true,
    });
    let seen: number[] = [];
    trainingLosses({
      diffusion,
      model: (xT, modelT) => {
        seen = subject.values(modelT);
        return xT;
      },
      xStart,
      t: arithmetic.timesteps([7, 49]),
      noise,
    });
    ava.deepEqual(seen, [140, 980]);
  });
});

test('min-SNR weights', (t) => {
  const tables = diffusionTables(getBetaSchedule('linear', 1e-4, 0.02, 1000));
  const want = golden.min_snr_gamma5;
  for (const [theirs, ours] of [
    ['eps', 'eps'],
    ['xstart', 'xStart'],
    ['v', 'v'],
  ] as const) {
    at(minSnrWeights(tables, ours, 5), want.timesteps).forEach((w, i) =>
      near(t, reference, w, want[theirs][i], ours),
    );
  }
});

/** d(sum of weighted losses)/d(output) on the device. */
function gradient(lossType: LossType, modelVarType: ModelVarType): number[] {
  const betas = getBetaSchedule('linear', 1e-4, 0.02, 1000);
  const diffusion = new GaussianDiffusion(device, { betas, modelMeanType: 'eps', modelVarType, lossType });
  const [xStart, noise] = [given(onDevice, inputs.x_start), given(onDevice, inputs.eps)];
  const net = given(onDevice, inputs.net);
  const output = diffusion.learnsVariance ? tf.concat([net, given(onDevice, inputs.netv)], 3) : net;
  const t = device.timesteps([0, 700]);
  const total = (out: tf.Tensor) =>
    tf.sum(trainingLosses({ diffusion, model: () => out, xStart, t, noise }).weighted) as tf.Scalar;
  return [...tf.grad(total)(output).dataSync()];
}

test('every loss has a finite gradient that is not zero', (t) => {
  const fixed: LossType[] = ['mse', 'kl', 'rescaledKl'];
  const withVariance: LossType[] = ['hybrid', 'rescaledMse', 'kl', 'rescaledKl'];
  for (const [losses, variances] of [
    [fixed, ['fixedSmall', 'fixedLarge']],
    [withVariance, ['learned', 'learnedRange']],
  ] as const) {
    for (const loss of losses) {
      for (const variance of variances) {
        const got = gradient(loss, variance as ModelVarType);
        t.true(got.every(Number.isFinite) && got.some((g) => g !== 0), `${loss} ${variance}`);
      }
    }
  }
});

test('in a hybrid loss the term moves the variance only', (t) => {
  const isMean = (_: number, i: number) => i % 6 < 3;
  const hybrid = gradient('hybrid', 'learnedRange');
  const mse = gradient('mse', 'fixedLarge');
  t.deepEqual(hybrid.filter(isMean), mse);
  const kl = gradient('kl', 'learnedRange');
  t.deepEqual(
    hybrid.filter((g, i) => !isMean(g, i)),
    kl.filter((g, i) => !isMean(g, i)),
  );
  t.true(kl.filter(isMean).some((g) => g !== 0));
});
