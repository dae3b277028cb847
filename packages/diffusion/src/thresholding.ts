import { perImage, type Arithmetic } from './arithmetic/arithmetic.js';

export interface DynamicThreshold {
  /** Quantile of |xStart| that becomes 1, e.g. 0.995. */
  readonly quantile: number;
  /** Bound on that quantile, e.g. 1.5 (Infinity: none). */
  readonly maximum: number;
}

/**
 * Dynamic thresholding (Saharia et al. 2022, section 2.3): an image whose quantile s of |xStart| is above 1 is
 * clipped to [-s, s] and divided by s; others are clipped to [-1, 1].
 */
export function dynamicThreshold<T>(
  arithmetic: Arithmetic<T>,
  xStart: T,
  { quantile, maximum: bound }: DynamicThreshold,
): T {
  const { abs, affine, clip, div, minimum, maximum } = arithmetic;
  const scale = clip(arithmetic.quantile(abs(xStart), quantile), 1, bound);
  const limit = perImage(arithmetic, scale, xStart);
  return div(minimum(maximum(xStart, affine(limit, -1)), limit), limit);
}
