import { meanSquaredError } from './arithmetic/arithmetic.js';
import { vbTermsBpd } from './bound.js';
import type { LossType, ModelMeanType } from './config.js';
import type { GaussianDiffusion } from './gaussian.js';
import type { DiffusionModel } from './network.js';
import { minSnrWeights } from './weights.js';

export interface TrainingLossesArgs<T> {
  readonly diffusion: GaussianDiffusion<T>;
  readonly model: DiffusionModel<T>;
  /** [B, H, W, C] in [-1, 1] */
  readonly xStart: T;
  /** [B] */
  readonly t: T;
  /** Standard normal, as xStart. */
  readonly noise: T;
  /** [B]: importance weights of a timestep sampler. */
  readonly weights?: T;
}

export interface TrainingLosses<T> {
  /** [B]: what a timestep sampler is told; neither min-SNR nor importance weights are in it. */
  readonly loss: T;
  /** [B]: what is differentiated. */
  readonly weighted: T;
  /** [B] each: mean squared error (unweighted), and the term of the bound in bits per dimension (unscaled). */
  readonly terms: { readonly mse?: T; readonly vb?: T };
}

/**
 * The losses of one batch (Ho et al. 2020, algorithm 1, and what followed; `training_losses`). A kl loss is one
 * term of the bound, unclipped: the bound itself is T times its expectation.
 */
export function trainingLosses<T>(args: TrainingLossesArgs<T>): TrainingLosses<T> {
  const { diffusion, xStart, t, noise } = args;
  const lossType = diffusion.options.lossType ?? 'mse';
  const xT = diffusion.qSample(xStart, t, noise);
  const output = args.model(xT, diffusion.modelTimesteps(t));
  const vbOf = (out: T) => vbTermsBpd(diffusion, { output: out, xStart, xT, t, clipDenoised: false }).vb;
  if (lossType === 'kl' || lossType === 'rescaledKl') {
    const vb = vbOf(output);
    const loss = diffusion.arithmetic.affine(vb, vbScale(diffusion, lossType));
    return { loss, weighted: reweigh(args, loss), terms: { vb } };
  }
  const mse = meanSquaredError(diffusion.arithmetic, target(args, xT), meanOf(diffusion, output));
  const weightedMse = snrWeighted(args, mse);
  if (lossType === 'mse') return { loss: mse, weighted: reweigh(args, weightedMse), terms: { mse } };
  const vb = vbOf(withMeanDetached(diffusion, output));
  const scaledVb = diffusion.arithmetic.affine(vb, vbScale(diffusion, lossType));
  return {
    loss: diffusion.arithmetic.add(mse, scaledVb),
    weighted: reweigh(args, diffusion.arithmetic.add(weightedMse, scaledVb)),
    terms: { mse, vb },
  };
}

/** hybrid as it is, rescaledMse by T/1000 (lambda = 0.001 of the whole bound), rescaledKl by T. */
function vbScale<T>({ numTimesteps }: GaussianDiffusion<T>, lossType: LossType): number {
  if (lossType === 'rescaledKl') return numTimesteps;
  return lossType === 'rescaledMse' ? numTimesteps / 1000 : 1;
}

function target<T>({ diffusion, xStart, t, noise }: TrainingLossesArgs<T>, xT: T): T {
  const targets: Record<ModelMeanType, () => T> = {
    eps: () => noise,
    xStart: () => xStart,
    xPrev: () => diffusion.qPosteriorMeanVariance(xStart, xT, t).mean,
    v: () => diffusion.vFrom(xStart, t, noise),
  };
  return targets[diffusion.options.modelMeanType]();
}

function meanOf<T>(diffusion: GaussianDiffusion<T>, output: T): T {
  return diffusion.learnsVariance ? diffusion.arithmetic.halves(output)[0] : output;
}

/** The term of the bound trains the variance only (Nichol and Dhariwal 2021, section 3.1). */
function withMeanDetached<T>({ arithmetic }: GaussianDiffusion<T>, output: T): T {
  const [mean, values] = arithmetic.halves(output);
  return arithmetic.join(arithmetic.stopGradient(mean), values);
}

function snrWeighted<T>({ diffusion, t }: TrainingLossesArgs<T>, mse: T): T {
  const { modelMeanType, minSnrGamma } = diffusion.options;
  if (!minSnrGamma || modelMeanType === 'xPrev') return mse;
  const weights = minSnrWeights(diffusion.tables, modelMeanType, minSnrGamma);
  return diffusion.arithmetic.mul(mse, diffusion.arithmetic.lookup(weights, t));
}

function reweigh<T>({ diffusion, weights }: TrainingLossesArgs<T>, loss: T): T {
  return weights === undefined ? loss : diffusion.arithmetic.mul(loss, weights);
}
