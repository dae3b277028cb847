import { bytesOf } from '@ddpm-fleet/core';
import { DTYPE_BYTES, encodeHeader, sizeOf, type Dtype } from './header.js';

export type TensorValues =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  /** Bits of `F16` or `BF16`. */
  | Uint16Array;

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: TensorValues;
  /** Where the values are bits: of which kind. */
  readonly half?: 'F16' | 'BF16';
}

const CHUNK_BYTES = 4 << 20;

/** Bytes of the file that `encodeSafetensors` gives. */
export function safetensorsSize(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
): number {
  const head = encodeHeader(tensors.map(described), metadata).length;
  return tensors.reduce((size, { values }) => size + values.byteLength, head);
}

/**
 * A safetensors file, piece by piece: the header, then views of at most 4 MiB of the tensors as they lie in memory,
 * in the order given (that of equal element size is kept, wider elements go first, so that all are aligned).
 * @throws RangeError when a tensor's values do not fill its shape
 */
export function* encodeSafetensors(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const aligned = tensors.toSorted((a, b) => widthOf(b) - widthOf(a));
  for (const { name, shape, values } of aligned) {
    if (sizeOf(shape) !== values.length)
      throw new RangeError(`${name} has ${values.length} values for [${shape.join(', ')}]`);
  }
  yield encodeHeader(aligned.map(described), metadata);
  for (const { values } of aligned) {
    const bytes = bytesOf(values);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
  }
}

function described(tensor: Tensor): { name: string; dtype: Dtype; shape: readonly number[] } {
  return { name: tensor.name, dtype: dtypeOf(tensor), shape: tensor.shape };
}

function widthOf(tensor: Tensor): number {
  return DTYPE_BYTES[dtypeOf(tensor)];
}

function dtypeOf({ values, half }: Tensor): Dtype {
  if (values instanceof Uint16Array) return half ?? 'BF16';
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  if (values instanceof Int32Array) return 'I32';
  if (values instanceof BigInt64Array) return 'I64';
  return 'U8';
}
