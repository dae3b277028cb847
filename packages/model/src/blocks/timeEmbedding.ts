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
  const [sin, cos] = sinCos(
    tf.reshape(tf.cast(t, 'float32'), [-1, 1]) as tf.Tensor2D,
    frequencies(half, order),
  );
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

/**
 * Sine and cosine of t times each frequency. A float32 product would be off by 4e-5 at t = 1000, which deep networks
 * amplify; so a frequency is the sum of one of 12 bits, whose product with an integer t below 4096 is exact, and a
 * rest, joined by the addition theorems.
 */
function sinCos(t: tf.Tensor2D, frequency: number[]): [tf.Tensor2D, tf.Tensor2D] {
  const coarse = frequency.map(toTwelveBits);
  const angle = tf.mul(t, tf.tensor2d(coarse, [1, coarse.length]));
  const rest = tf.mul(
    t,
    tf.tensor2d(
      frequency.map((value, i) => value - coarse[i]!),
      [1, coarse.length],
    ),
  );
  const [sinA, cosA, sinB, cosB] = [tf.sin(angle), tf.cos(angle), tf.sin(rest), tf.cos(rest)];
  const sin = tf.add(tf.mul(sinA, cosB), tf.mul(cosA, sinB)) as tf.Tensor2D;
  const cos = tf.sub(tf.mul(cosA, cosB), tf.mul(sinA, sinB)) as tf.Tensor2D;
  return [sin, cos];
}

function toTwelveBits(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 11);
  return Math.floor(value / unit) * unit;
}

function frequencies(half: number, order: Style['embedding']): number[] {
  const span = order === 'sinCos' ? half - 1 : half;
  return Array.from({ length: half }, (_, i) => MAX_PERIOD ** (-i / span));
}
