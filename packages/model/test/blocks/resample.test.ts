import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { expand2x2, mean2x2 } from '../../src/blocks/resample.js';
import { cpuBackend, relativeError } from '../support/backend.js';

test.before(cpuBackend);

const x = tf.tensor4d(
  Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
  [2, 2, 4, 3],
);

test('each pixel becomes a 2x2', (t) => {
  const expected = tf.image.resizeNearestNeighbor(x, [4, 8]);
  t.deepEqual(expand2x2(x).arraySync(), expected.arraySync());
});

test('each 2x2 becomes its mean', (t) => {
  const expected = tf.avgPool(x, 2, 2, 'valid');
  t.true(relativeError(mean2x2(x).dataSync(), expected.dataSync()) < 1e-6);
});

test('their gradients are the sum over each 2x2 and a quarter to each pixel', (t) => {
  const weightUp = tf.tensor4d(
    Float32Array.from({ length: 192 }, (_, i) => Math.cos(i)),
    [2, 4, 8, 3],
  );
  const weightDown = tf.tensor4d(
    Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
    [2, 1, 2, 3],
  );
  const grad = (f: (v: tf.Tensor4D) => tf.Tensor, weight: tf.Tensor): Float32Array =>
    tf
      .grad((v) => tf.sum(tf.mul(f(v as tf.Tensor4D), weight)))(x)
      .dataSync<'float32'>();
  const sums = tf.sum(tf.reshape(weightUp, [2, 2, 2, 4, 2, 3]), [2, 4]);
  t.true(relativeError(grad(expand2x2, weightUp), sums.dataSync()) < 1e-6);
  const pooled = grad((v) => tf.avgPool(v, 2, 2, 'valid'), weightDown);
  t.true(relativeError(grad(mean2x2, weightDown), pooled) < 1e-6);
});
