/** left[i] += right[i], each sum rounded to float32. Returns `left`. */
export function addInto(left: Float32Array, right: Float32Array): Float32Array {
  const n = left.length;
  for (let i = 0; i < n; i++) left[i] = left[i]! + right[i]!;
  return left;
}

/** The bytes of `array`, shared. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
