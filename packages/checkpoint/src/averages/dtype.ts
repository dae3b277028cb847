import { packBfloat16 } from '@ddpm-fleet/core';
import type { TensorValues } from '../safetensors/encode.js';
import type { Dtype } from '../safetensors/header.js';

/** What a snapshot of averages is rounded to. */
export type AverageType = 'float32' | 'bfloat16' | 'float16';

/** Bytes of an element, and half the distance of neighbours beside 1: the relative error of rounding. */
export const AVERAGE_TYPES: Readonly<
  Record<AverageType, { readonly dtype: Dtype; readonly bytes: number; readonly rounding: number }>
> = {
  float32: { dtype: 'F32', bytes: 4, rounding: 2 ** -24 },
  bfloat16: { dtype: 'BF16', bytes: 2, rounding: 2 ** -8 },
  float16: { dtype: 'F16', bytes: 2, rounding: 2 ** -11 },
};

/** Float32 as it is, or the bits of halves. */
export function packed(values: Float32Array, type: AverageType): TensorValues {
  if (type === 'float32') return values;
  return type === 'bfloat16' ? packBfloat16(values) : Uint16Array.from(bitsOf(values), toHalf);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

const HALF_SMALLEST_NORMAL = 0x38800000;
const HALF_OVERFLOW = 0x477ff000;
const INFINITY = 0x7f800000;

/** Bits of a float32 to those of IEEE 754 binary16, to nearest, ties to even. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > INFINITY) return sign | 0x7e00;
  if (magnitude >= HALF_OVERFLOW) return sign | 0x7c00;
  if (magnitude < HALF_SMALLEST_NORMAL) return sign | subnormal(magnitude);
  const even = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + even) >>> 13);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** In units of 2^-24; adding and taking away 2^52 rounds a float64 to a whole number, ties to even. */
function subnormal(magnitude: number): number {
  scratchBits[0] = magnitude;
  return scratch[0]! * 2 ** 24 + 2 ** 52 - 2 ** 52;
}
