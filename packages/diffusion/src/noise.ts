import type { Arithmetic } from './arithmetic/arithmetic.js';

/**
 * Offset noise: noise plus `strength` times a normal that a whole channel of an image shares, so that the model
 * learns to move an image's mean.
 * @param offset standard normal [B, 1, 1, C]
 */
export function offsetNoise<T>(arithmetic: Arithmetic<T>, noise: T, offset: T, strength: number): T {
  return strength === 0 ? noise : arithmetic.add(noise, arithmetic.affine(offset, strength));
}
