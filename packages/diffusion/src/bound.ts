import { perImage } from './arithmetic/arithmetic.js';
import type { GaussianDiffusion } from './gaussian.js';
import { discretizedGaussianLogLikelihood, normalKl } from './likelihood.js';

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
  const atPixel = perImage(arithmetic, step, xT);
  const isFirst = (yes: T, no: T) => whereLess(atPixel, 0.5, yes, no);
  // Both branches are differentiated, and 0 times infinity is not 0: where one is not chosen it sees the
  // posterior's log-variance, with which it is finite.
  const forKl = isFirst(posterior.logVariance, model.logVariance);
  const forDecoder = isFirst(model.logVariance, posterior.logVariance);
  const kl = mean(normalKl(arithmetic, posterior, { mean: model.mean, logVariance: forKl }));
  const likelihood = discretizedGaussianLogLikelihood(arithmetic, {
    x: xStart,
    mean: model.mean,
    logScale: affine(forDecoder, 0.5),
  });
  const nats = whereLess(step, 0.5, affine(mean(likelihood), -1), kl);
  return { vb: affine(nats, 1 / Math.LN2), predXStart: model.predXStart };
}

function indices(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => i);
}
