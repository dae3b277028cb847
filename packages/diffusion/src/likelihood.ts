import type { Arithmetic } from './arithmetic/arithmetic.js';
import type { Gaussian } from './normal.js';

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

/** Beyond this the value is 0 or 1 to more digits than are kept; the bound keeps the cube and its gradient finite. */
const SATURATED = 10;

/**
 * The standard normal CDF as 0.5 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Page 1977), within 1.8e-4 of the exact
 * one; Ho et al. use it, not erf. Written as a sigmoid, which is the same and keeps its digits in the lower tail.
 */
export function approxStandardNormalCdf<T>(arithmetic: Arithmetic<T>, x: T): T {
  const { add, mul, sigmoid, affine, clip } = arithmetic;
  const bounded = clip(x, -SATURATED, SATURATED);
  const cube = mul(mul(bounded, bounded), bounded);
  return sigmoid(affine(add(bounded, affine(cube, 0.044715)), 2 * Math.sqrt(2 / Math.PI)));
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
  const { abs, sub, mul, exp, affine, clip, log, whereLess } = arithmetic;
  const centered = sub(x, mean);
  const inverseScale = exp(affine(logScale, -1));
  // cdf(-z) = 1 - cdf(z): everything is read off the lower tail, because differences near 1 lose float32's digits.
  const lowerTail = (z: T) => approxStandardNormalCdf(arithmetic, mul(inverseScale, z));
  const logOf = (probability: T) => log(clip(probability, FLOOR, 2));
  const distance = affine(abs(centered), -1);
  const inner = sub(lowerTail(affine(distance, 1, HALF_BIN)), lowerTail(affine(distance, 1, -HALF_BIN)));
  const white = lowerTail(affine(centered, -1, HALF_BIN));
  const black = lowerTail(affine(centered, 1, HALF_BIN));
  const upper = whereLess(affine(x, -1), -EDGE, logOf(white), logOf(inner));
  return whereLess(x, -EDGE, logOf(black), upper);
}
