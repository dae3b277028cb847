import * as tf from '@tensorflow/tfjs-core';
import type { ParamLayout } from '@ddpm-fleet/core';

/** The parameters in a flat tensor [layout.size], by name. Slices: no copy where TensorFlow finds them aligned. */
export function splitParams(flat: tf.Tensor, layout: ParamLayout): Map<string, tf.Tensor> {
  return new Map(
    layout.entries.map(({ name, shape, offset, size }) => {
      return [name, tf.reshape(tf.slice(flat, [offset], [size]), [...shape])];
    }),
  );
}

/** Tensors of any shapes end to end: the inverse of `splitParams` when they are in layout order. */
export function joinParams(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [tensor.size]) as tf.Tensor1D));
}
