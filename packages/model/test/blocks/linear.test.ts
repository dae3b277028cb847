import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { conv, convPadded, convTransposed, convUpsampled, nin } from '../../src/blocks/linear.js';
import { expand2x2 } from '../../src/blocks/resample.js';
import { cpuBackend, relativeError } from '../support/backend.js';
import { golden } from '../support/golden.js';

interface GoldenConv {
  readonly downsample_conv: {
    readonly x: number[][];
    readonly kernel_hw: number[][];
    readonly tf_same: number[][];
    readonly torch_pad1: number[][];
  };
}

test.before(cpuBackend);

test('trap 14: stride 2 SAME pads bottom and right only; the padding of torch is another model', (t) => {
  const { x, kernel_hw, tf_same, torch_pad1 } = golden<GoldenConv>('ddpm.json').downsample_conv;
  const input = tf.reshape(tf.tensor2d(x), [1, 4, 4, 1]) as tf.Tensor4D;
  const params = (name: string): tf.Tensor =>
    name.endsWith('/W') ? tf.reshape(tf.tensor2d(kernel_hw), [3, 3, 1, 1]) : tf.zeros([1]);
  t.true(relativeError(conv(params, 'down', input, 2).dataSync(), tf_same.flat()) < 1e-6);
  t.true(relativeError(convPadded(params, 'down', input).dataSync(), torch_pad1.flat()) < 1e-6);
});

test('a 1x1 convolution as a matmul', (t) => {
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
  const params = (name: string): tf.Tensor =>
    name.endsWith('/W') ? tf.tensor2d([1, 0, 2, 0, 1, -1], [2, 3]) : tf.tensor1d([0, 10, 0]);
  const expected = tf.add(
    tf.conv2d(x, tf.reshape(params('nin/W'), [1, 1, 2, 3]) as tf.Tensor4D, 1, 'same'),
    [0, 10, 0],
  );
  t.deepEqual(nin(params, 'nin', x).arraySync(), expected.arraySync());
});

test('a transposed convolution is the adjoint of the padded convolution of stride 2', (t) => {
  const kernel = tf.tensor4d(
    Float32Array.from({ length: 100 }, (_, i) => Math.sin(i)),
    [5, 5, 2, 2],
  );
  const params = (name: string): tf.Tensor => (name.endsWith('/W') ? kernel : tf.zeros([2]));
  const small = tf.tensor4d(
    Float32Array.from({ length: 18 }, (_, i) => Math.cos(i)),
    [1, 3, 3, 2],
  );
  const large = tf.tensor4d(
    Float32Array.from({ length: 72 }, (_, i) => Math.cos(3 * i)),
    [1, 6, 6, 2],
  );
  const up = tf.sum(tf.mul(convTransposed(params, 'up', small), large)).dataSync()[0]!;
  const down = tf.sum(tf.mul(small, convPadded(params, 'down', large))).dataSync()[0]!;
  t.true(Math.abs(up - down) < 1e-4 * Math.abs(up), `${up} ${down}`);
});

test('the convolution of an enlarged image, and its gradients, without the enlarged image', (t) => {
  const wave = (shape: [number, number, number, number], step: number): tf.Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(step * i)),
      shape,
    );
  const x = wave([2, 3, 5, 4], 1);
  const kernel = wave([3, 3, 4, 6], 2);
  const weight = wave([2, 6, 10, 6], 3);
  const params = (W: tf.Tensor) => (name: string) =>
    name.endsWith('/W') ? W : tf.tensor1d([0, 1, 2, 3, 4, 5]);
  const run = (op: (W: tf.Tensor, v: tf.Tensor4D) => tf.Tensor): { y: tf.Tensor; grads: tf.Tensor[] } => {
    const loss = (W: tf.Tensor, v: tf.Tensor): tf.Scalar => tf.sum(tf.mul(op(W, v as tf.Tensor4D), weight));
    return { y: op(kernel, x), grads: tf.grads(loss)([kernel, x]) };
  };
  const expected = run((W, v) => conv(params(W), 'up', expand2x2(v)));
  const actual = run((W, v) => convUpsampled(params(W), 'up', v));
  t.true(relativeError(actual.y.dataSync(), expected.y.dataSync()) < 1e-6);
  actual.grads.forEach((grad, i) =>
    t.true(relativeError(grad.dataSync(), expected.grads[i]!.dataSync()) < 1e-6),
  );
});
