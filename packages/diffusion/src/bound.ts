import { meanSquaredError, perImage } from './arithmetic/arithmetic.js';
import type { GaussianDiffusion } from './gaussian.js';
import { discretizedGaussianLogLikelihood, normalKl } from './likelihood.js';
import type { DiffusionModel } from './network.js';

interface BoundTerm<T> {
  /** The network's output at (xT, t). */
  readonly output: T;
  readonly xStart: T;
  readonly xT: T;
  readonly t: T;
  /** False while training, true when the bound is evaluated. */
  readonly clipDenoised: boolean;
}

/**
 * One term of the variational bound for each image (eqs. 5 and 13): L_{t}, the KL of q(x_{t-1} | x_t, x_0) from p,
 * or at t = 0 the decoder's negative log-likelihood. The mean over dimensions, in bits: [B].
 */
export function vbTermsBpd<T>(
  diffusion: GaussianDiffusion<T>,
  { output, xStart, xT, t, clipDenoised }: BoundTerm<T>,
): { vb: T; predXStart: T } {
  const { arithmetic } = diffusion;
  const { mean, whereLess, affine } = arithmetic;
  const posterior = diffusion.qPosteriorMeanVariance(xStart, xT, t);
  const model = diffusion.pMeanVariance({ output, x: xT, t, clipDenoised });
  const step = arithmetic.lookup(indices(diffusion.numTimesteps), t);
  // Both branches are differentiated, and 0 times infinity is not 0: where the KL is not chosen it sees the
  // posterior's own log-variance, with which it is finite.
  const atPixel = perImage(arithmetic, step, xT);
  const forKl = whereLess(atPixel, 0.5, posterior.logVariance, model.logVariance);
  const kl = mean(normalKl(arithmetic, posterior, { mean: model.mean, logVariance: forKl }));
  const likelihood = discretizedGaussianLogLikelihood(arithmetic, {
    x: xStart,
    mean: model.mean,
    logScale: affine(model.logVariance, 0.5),
  });
  const nats = whereLess(step, 0.5, affine(mean(likelihood), -1), kl);
  return { vb: affine(nats, 1 / Math.LN2), predXStart: model.predXStart };
}

/** KL of q(x_T | x_0) from N(0, 1), the term that no model changes: bits per dimension, [B]. */
export function priorBpd<T>(diffusion: GaussianDiffusion<T>, xStart: T): T {
  const { arithmetic, numTimesteps } = diffusion;
  const images = arithmetic.shape(xStart)[0]!;
  const last = arithmetic.timesteps(new Int32Array(images).fill(numTimesteps - 1));
  const zero = arithmetic.constant([0], [1]);
  const kl = normalKl(arithmetic, diffusion.qMeanVariance(xStart, last), { mean: zero, logVariance: zero });
  return arithmetic.affine(arithmetic.mean(kl), 1 / Math.LN2);
}

export interface BpdStepArgs<T> {
  readonly model: DiffusionModel<T>;
  readonly xStart: T;
  readonly t: T;
  /** Standard normal, as xStart. */
  readonly noise: T;
  /** True if absent. */
  readonly clipDenoised?: boolean;
}

/** What is measured of each image at its t: [B] each. */
export interface BpdStep<T> {
  /** The term of the bound, bits per dimension. */
  readonly vb: T;
  /** Squared error of the predicted xStart, and of the eps that it implies. */
  readonly xStartMse: T;
  readonly epsMse: T;
}

/** One t of the bound's evaluation; traceable, so that one program serves every t. */
export function bpdStep<T>(diffusion: GaussianDiffusion<T>, args: BpdStepArgs<T>): BpdStep<T> {
  const { arithmetic } = diffusion;
  const { model, xStart, t, noise, clipDenoised = true } = args;
  const xT = diffusion.qSample(xStart, t, noise);
  const output = model(xT, diffusion.modelTimesteps(t));
  const { vb, predXStart } = vbTermsBpd(diffusion, { output, xStart, xT, t, clipDenoised });
  const eps = diffusion.predictEpsFromXStart(xT, t, predXStart);
  return {
    vb,
    xStartMse: meanSquaredError(arithmetic, predXStart, xStart),
    epsMse: meanSquaredError(arithmetic, eps, noise),
  };
}

/** The whole bound, and its parts by t. */
export interface Bpd<T> {
  /** Sum of the terms and the prior: bits per dimension, [B]. */
  readonly total: T;
  readonly prior: T;
  /** steps[t] */
  readonly steps: readonly BpdStep<T>[];
}

/**
 * The bound on the negative log-likelihood of each image, every t in turn with noise of its own (eq. 5).
 * @param args.noise standard normal like xStart, for each t
 */
export function calcBpdLoop<T>(
  diffusion: GaussianDiffusion<T>,
  { noise, ...args }: Omit<BpdStepArgs<T>, 't' | 'noise'> & { readonly noise: (t: number) => T },
): Bpd<T> {
  const { arithmetic, numTimesteps } = diffusion;
  const images = arithmetic.shape(args.xStart)[0]!;
  const steps: BpdStep<T>[] = [];
  for (let t = numTimesteps - 1; t >= 0; t--) {
    steps[t] = arithmetic.scope(() => {
      const ts = arithmetic.timesteps(new Int32Array(images).fill(t));
      return { ...bpdStep(diffusion, { ...args, t: ts, noise: noise(t) }) };
    });
  }
  return arithmetic.scope(() => {
    const prior = priorBpd(diffusion, args.xStart);
    return { total: steps.reduce((sum, { vb }) => arithmetic.add(sum, vb), prior), prior, steps };
  });
}

function indices(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => i);
}
