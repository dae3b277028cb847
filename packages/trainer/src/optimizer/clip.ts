/**
 * What a gradient of that norm is multiplied with so that its norm is at most `clipNorm` (TensorFlow's
 * clip_by_global_norm: clipNorm / max(norm, clipNorm)).
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return clipNorm / Math.max(norm, clipNorm);
}
