/**
 * bfloat16: the upper half of a float32, rounded to nearest, ties to even; overflow gives infinity, a NaN stays a NaN.
 */

/** Rounds each element to bfloat16 and keeps it as float32. `out` may be `values`. Returns `out`. */
export function roundToBfloat16(
  values: Float32Array,
  out: Float32Array = new Float32Array(values.length),
): Float32Array {
  const bits = wordsOf(values);
  const rounded = wordsOf(out);
  for (let i = 0; i < bits.length; i++) rounded[i] = upperHalf(bits[i]!) << 16;
  return out;
}

/** The 16-bit patterns of the rounded elements: what travels on the wire. */
export function packBfloat16(values: Float32Array): Uint16Array {
  const bits = wordsOf(values);
  const patterns = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) patterns[i] = upperHalf(bits[i]!);
  return patterns;
}

/** The float32 values of 16-bit patterns; exact. */
export function unpackBfloat16(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = wordsOf(values);
  for (let i = 0; i < bits.length; i++) bits[i] = patterns[i]! << 16;
  return values;
}

function upperHalf(bits: number): number {
  // Rounding a NaN could carry into the exponent and give a zero or an infinity.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function wordsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
