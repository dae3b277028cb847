import type * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';
import { copyRun } from './slice.js';

/** Repeats a tensor axis by axis, run by run: the backend's own kernel computes an index for each element. */
export function tile(backend: unknown, x: tf.TensorInfo, reps: readonly number[]): tf.TensorInfo {
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  const { out, to, from } = onHeap(backend, x, shape);
  const fill = (axis: number, at: number, offset: number): [number, number] => {
    const size = x.shape[axis];
    if (size === undefined) {
      to[offset] = from[at]!;
      return [1, 1];
    }
    let read = 0;
    let written = 0;
    if (axis === x.shape.length - 1) {
      copyRun(from, at, to, offset, size);
      read = written = size;
    } else {
      for (let i = 0; i < size; i++) {
        const [r, w] = fill(axis + 1, at + read, offset + written);
        read += r;
        written += w;
      }
    }
    for (let copy = 1; copy < reps[axis]!; copy++)
      to.copyWithin(offset + copy * written, offset, offset + written);
    return [read, written * reps[axis]!];
  };
  fill(0, 0, 0);
  return out;
}
