import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

/** Copies a block of a tensor run by run. The backend's own kernel reads the whole tensor out first, however small the slice. */
export function slice(
  backend: unknown,
  x: tf.TensorInfo,
  begin: number | number[],
  size: number | number[],
): tf.TensorInfo {
  const [start, extent] = tf.slice_util.parseSliceParams(
    { shape: x.shape, rank: x.shape.length } as tf.Tensor,
    begin,
    size,
  );
  const { out, to, from } = onHeap(backend, x, extent);
  const strides = stridesOf(x.shape);
  const run = runOf(x.shape, extent);
  const outer = extent.slice(0, run.axis);
  const runs = tf.util.sizeFromShape(outer);
  const first = start.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  const index = Array.from({ length: outer.length }, () => 0);
  for (let i = 0, offset = first; i < runs; i++) {
    copyRun(from, offset, to, i * run.length, run.length);
    offset = advance(index, outer, strides, offset);
  }
  return out;
}

/** The longest run of the slice that is contiguous in the tensor: it starts at `axis`. */
function runOf(shape: readonly number[], extent: readonly number[]): { axis: number; length: number } {
  let axis = shape.length;
  let length = 1;
  while (axis > 0) {
    axis--;
    length *= extent[axis]!;
    if (extent[axis] !== shape[axis]) break;
  }
  return { axis, length };
}

/** Counts `index` up by one, row-major, and returns the offset that it then has. */
function advance(
  index: number[],
  outer: readonly number[],
  strides: readonly number[],
  offset: number,
): number {
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    index[axis]!++;
    offset += strides[axis]!;
    if (index[axis]! < outer[axis]!) break;
    offset -= outer[axis]! * strides[axis]!;
    index[axis] = 0;
  }
  return offset;
}

/** `set` costs more than a short loop saves. */
const LONG_RUN = 32;

export function copyRun(
  from: { [i: number]: number; subarray(a: number, b: number): ArrayLike<number> },
  at: number,
  to: { [i: number]: number; set(values: ArrayLike<number>, offset: number): void },
  offset: number,
  length: number,
): void {
  if (length >= LONG_RUN) to.set(from.subarray(at, at + length), offset);
  else for (let i = 0; i < length; i++) to[offset + i] = from[at + i]!;
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array.from({ length: shape.length }, () => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}
