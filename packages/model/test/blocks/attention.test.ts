import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { attnBlock } from '../../src/blocks/attention.js';
import { cpuBackend } from '../support/backend.js';

test.before(cpuBackend);

const C = 4;
const NORM = { groups: 2, epsilon: 1e-6 };

/** q, k, v: the identity; proj_out as given. */
function params(projection: tf.Tensor): (name: string) => tf.Tensor {
  return (name) => {
    if (name.endsWith('proj_out/W')) return projection;
    if (name.endsWith('/W')) return tf.eye(C);
    return name.endsWith('gamma') ? tf.ones([C]) : tf.zeros([C]);
  };
}

test('trap 17: one head attends with scale C^-0.5 over all pixels', (t) => {
  const x = tf.tensor4d([1, -1, 2, -2, -1, 1, -2, 2], [1, 1, 2, C]);
  // Each group is normalised to +-1 (both pixels have mean 0), so q.k is C for equal pixels and -C for opposite ones.
  const y = attnBlock(params(tf.eye(C)), { name: 'attn', heads: 1 }, x, NORM);
  const weight = Math.exp(C * C ** -0.5);
  const self = weight / (weight + 1 / weight);
  const expected = 1 + (2 * self - 1);
  t.true(Math.abs(y.dataSync()[0]! - expected) < 1e-4, `${y.dataSync()[0]} ${expected}`);
});

test('heads own contiguous channels and scale by their own width', (t) => {
  const x = tf.tensor4d([1, -1, 2, -2, -1, 1, -2, 2], [1, 1, 2, C]);
  const y = attnBlock(params(tf.eye(C)), { name: 'attn', heads: 2 }, x, NORM);
  const weight = Math.exp(2 * 2 ** -0.5);
  const expected = 1 + (2 * (weight / (weight + 1 / weight)) - 1);
  t.true(Math.abs(y.dataSync()[0]! - expected) < 1e-4);
});

test('the input is added unscaled', (t) => {
  const x = tf.tensor4d([1, -1, 2, -2, -1, 1, -2, 2], [1, 1, 2, C]);
  t.deepEqual(
    attnBlock(params(tf.zeros([C, C])), { name: 'attn', heads: 1 }, x, NORM).arraySync(),
    x.arraySync(),
  );
});
