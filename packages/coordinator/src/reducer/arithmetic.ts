import { roundToBfloat16 } from '@ddpm-fleet/core';

/** out = left + right, each sum rounded to the wire's dtype; `out` may be one of the others. @returns `sumSquares(out)` */
export type Add = (out: Float32Array, left: Float32Array, right: Float32Array) => number;

/** For sums of float32, where there is no faster one. */
export const addFloat32: Add = (out, left, right) => {
  for (let i = 0; i < out.length; i++) out[i] = left[i]! + right[i]!;
  return sumSquares(out);
};

export const addBfloat16: Add = (out, left, right) => {
  for (let i = 0; i < out.length; i++) out[i] = left[i]! + right[i]!;
  return sumSquares(roundToBfloat16(out, out));
};

/**
 * In float64: element i goes to partial sum i mod 4, and they are added in pairs, so that processors can do so four at
 * a time. Squares of float32 values cannot overflow, so the sum is finite exactly if all values are.
 */
export function sumSquares(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  const [x = 0, y = 0, z = 0] = values.subarray(whole);
  a += x * x;
  b += y * y;
  c += z * z;
  return a + b + (c + d);
}
