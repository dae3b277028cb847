import { packBfloat16, unpackBfloat16 } from '@ddpm-fleet/core';
import { Dtype, type FloatDtype } from './dtype.js';

export type WireDtype = 'float32' | 'bfloat16';

/** What goes on the wire for these values, and how the header names it. float32 is shared, bfloat16 a copy. */
export function toWire(
  values: Float32Array,
  dtype: WireDtype,
): { dtype: FloatDtype; payload: ArrayBufferView } {
  if (dtype === 'float32') return { dtype: Dtype.float32, payload: values };
  return { dtype: Dtype.bfloat16, payload: packBfloat16(values) };
}

/** The float32 values of a payload: a view where it is aligned float32, else a copy. */
export function fromWire(payload: Uint8Array, dtype: FloatDtype = Dtype.float32): Float32Array {
  if (dtype === Dtype.bfloat16) return unpackBfloat16(aligned(payload, 2, Uint16Array));
  return aligned(payload, 4, Float32Array);
}

type View<T> = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => T;

/** A typed view of bytes, copied only where they do not lie on the type's boundary. */
export function aligned<T>(bytes: Uint8Array, width: number, View: View<T>): T {
  const at = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new View(at.buffer, at.byteOffset, at.byteLength / width);
}
