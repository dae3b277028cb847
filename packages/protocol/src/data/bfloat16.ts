import { bytesOf } from '@ddpm-fleet/core';

/** The upper half of a float32, rounded to nearest, ties to even; a NaN stays a NaN. */
function roundBits(bits: number): number {
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function encodeBfloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = roundBits(bits[i]!);
  return out;
}

export function decodeBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds each value to the nearest bfloat16, in place. Returns `values`. */
export function roundToBfloat16(values: Float32Array): Float32Array {
  const bits = bitsOf(values);
  for (let i = 0; i < bits.length; i++) bits[i] = roundBits(bits[i]!) << 16;
  return values;
}

function bitsOf(values: Float32Array): Uint32Array {
  const bytes = bytesOf(values);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, values.length);
}
