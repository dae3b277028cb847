import * as tf from '@tensorflow/tfjs-core';
import type { Style } from '../config.js';

const MAX_PERIOD = 10000;

/**
 * Sinusoidal embedding of t, [B] -> [B, dim], float32.
 * `sinCos` (Ho et al., nn.py): sin | cos, frequencies 10000^(-i/(half-1)). `cosSin` (improved-diffusion, nn.py):
 * cos | sin, 10000^(-i/half). `interleaved` (zoubohao): sin, cos, sin, cos, ..., 10000^(-2i/dim).
 * An odd dim gets one zero column at the end; `sinCos` needs dim >= 4, since half-1 divides.
 */
export function timeEmbedding(t: tf.Tensor1D, dim: number, order: Style['embedding']): tf.Tensor2D {
  const half = Math.floor(dim / 2);
  const angle = tf.mul(
    tf.reshape(tf.cast(t, 'float32'), [-1, 1]),
    tf.tensor2d(frequencies(half, order), [1, half]),
  );
  const sin = tf.sin(angle) as tf.Tensor2D;
  const cos = tf.cos(angle) as tf.Tensor2D;
  if (order === 'interleaved') return tf.reshape(tf.stack([sin, cos], 2), [-1, 2 * half]);
  const both = tf.concat(order === 'sinCos' ? [sin, cos] : [cos, sin], 1);
  return dim % 2 === 0
    ? both
    : tf.pad(both, [
        [0, 0],
        [0, 1],
      ]);
}

/** Row t of zoubohao's table, on the host: sin and cos of t * 10000^(-2i/dim), interleaved. */
export function interleavedEmbedding(t: number, dim: number): Float32Array {
  return Float32Array.from({ length: dim }, (_, j) => {
    const angle = t * MAX_PERIOD ** (-(j - (j % 2)) / dim);
    return j % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

function frequencies(half: number, order: Style['embedding']): Float32Array {
  const span = order === 'sinCos' ? half - 1 : half;
  return Float32Array.from({ length: half }, (_, i) => MAX_PERIOD ** (-i / span));
}
