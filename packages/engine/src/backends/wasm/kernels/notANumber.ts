import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

/**
 * Kernels that keep NaN as NaN, as TensorFlow's do. The backend's own turn it into a bound, a zero or the other
 * operand, so that a run that has diverged would go on with numbers that look well.
 */

/** y = of(x), element by element; `of` of NaN must be NaN. */
export function unary(backend: unknown, x: tf.TensorInfo, of: (value: number) => number): tf.TensorInfo {
  const { out, to, from } = onHeap(backend, x, x.shape);
  for (let i = 0; i < to.length; i++) to[i] = of(from[i]!);
  return out;
}

/** y = of(a, b) with broadcasting; `of` of NaN must be NaN. */
export function binary(a: tf.Tensor, b: tf.Tensor, of: (a: number, b: number) => number): tf.Tensor {
  return tf.tidy(() => {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const [left, right] = [valuesFor(a, shape), valuesFor(b, shape)];
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    const [stepA, stepB] = [left.length === 1 ? 0 : 1, right.length === 1 ? 0 : 1];
    for (let i = 0; i < values.length; i++) values[i] = of(left[i * stepA]!, right[i * stepB]!);
    return tf.tensor(values, shape, 'float32');
  });
}

/** The values of x in that shape, or its only value. */
function valuesFor(x: tf.Tensor, shape: number[]): Float32Array {
  const wide = x.size === 1 || tf.util.arraysEqual(x.shape, shape) ? x : tf.broadcastTo(x, shape);
  return wide.dataSync() as Float32Array;
}

/** As Math.sign, but of NaN and of both zeros what TensorFlow says. */
export function sign(value: number): number {
  return value > 0 ? 1 : value < 0 ? -1 : value * 0;
}
