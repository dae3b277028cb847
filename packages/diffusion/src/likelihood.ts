import type { Arithmetic } from './arithmetic/arithmetic.js';
import type { Gaussian } from './gaussian.js';

type MeanLogVariance<T> = Pick<Gaussian<T>, 'mean' | 'logVariance'>;

/** KL(a || b) of diagonal Gaussians, elementwise, in nats. */
export function normalKl<T>(arithmetic: Arithmetic<T>, a: MeanLogVariance<T>, b: MeanLogVariance<T>): T {
  const { add, sub, mul, exp, affine } = arithmetic;
  const difference = sub(a.mean, b.mean);
  const distance = mul(mul(difference, difference), exp(affine(b.logVariance, -1)));
  const logRatio = sub(b.logVariance, a.logVariance);
  const ratio = exp(affine(logRatio, -1));
  return affine(add(add(logRatio, ratio), distance), 0.5, -0.5);
}

/** Beyond this the approximation is 0 or 1 to the last bit; the bound keeps the cube and its gradient finite. */
const SATURATED = 10;

/** The standard normal CDF by tanh (Page 1977), within 1.8e-4 of the exact one; Ho et al. use it, not erf. */
export function approxStandardNormalCdf<T>(arithmetic: Arithmetic<T>, x: T): T {
  const { add, mul, tanh, affine, clip } = arithmetic;
  const bounded = clip(x, -SATURATED, SATURATED);
  const cube = mul(mul(bounded, bounded), bounded);
  return affine(tanh(affine(add(bounded, affine(cube, 0.044715)), Math.sqrt(2 / Math.PI))), 0.5, 0.5);
}

const HALF_BIN = 1 / 255;
const EDGE = 0.999;
const FLOOR = 1e-12;

/**
 * log p(x) in nats, elementwise, of images whose values are k/127.5 - 1 for integers k of 0..255, under a
 * Gaussian of `mean` and log standard deviation `logScale` integrated over each value's bin (eq. 13). The bins
 * of 0 and 255 are open to the outside; probabilities stop at 1e-12.
 */
export function discretizedGaussianLogLikelihood<T>(
  arithmetic: Arithmetic<T>,
  { x, mean, logScale }: { readonly x: T; readonly mean: T; readonly logScale: T },
): T {
  const { sub, mul, exp, affine, clip, log, whereLess } = arithmetic;
  const centered = sub(x, mean);
  const inverseScale = exp(affine(logScale, -1));
  const cdfAbove = approxStandardNormalCdf(arithmetic, mul(inverseScale, affine(centered, 1, HALF_BIN)));
  const cdfBelow = approxStandardNormalCdf(arithmetic, mul(inverseScale, affine(centered, 1, -HALF_BIN)));
  const logOf = (probability: T) => log(clip(probability, FLOOR, 2));
  const inner = logOf(sub(cdfAbove, cdfBelow));
  const upper = whereLess(affine(x, -1), -EDGE, logOf(affine(cdfBelow, -1, 1)), inner);
  return whereLess(x, -EDGE, logOf(cdfAbove), upper);
}
