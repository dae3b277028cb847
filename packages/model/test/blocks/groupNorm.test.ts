import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { groupNorm, type NormOptions } from '../../src/blocks/groupNorm.js';
import { cpuBackend, relativeError } from '../support/backend.js';
import { golden } from '../support/golden.js';

interface GoldenNorm {
  readonly group_norm: {
    readonly x: number[][][][];
    readonly y: number[][][][];
    readonly groups: number;
    readonly gamma: number[];
    readonly beta: number[];
  };
}

test.before(cpuBackend);

test('trap 13: contiguous groups, biased variance, epsilon 1e-6', (t) => {
  const { x, y, groups, gamma, beta } = golden<GoldenNorm>('ddpm.json').group_norm;
  const affine = { gain: tf.tensor2d([gamma]), bias: tf.tensor2d([beta]) };
  const actual = groupNorm(tf.tensor4d(x), affine, { groups, epsilon: 1e-6, activation: 'none' });
  t.true(relativeError(actual.dataSync(), tf.tensor4d(y).dataSync()) < 1e-6);
});

test('the epsilon counts: a constant group of small values is not blown up', (t) => {
  const x = tf.tensor4d([1e-3, -1e-3, 1e-3, -1e-3], [1, 2, 2, 1]);
  const affine = { gain: tf.ones<tf.Rank.R2>([1, 1]), bias: tf.zeros<tf.Rank.R2>([1, 1]) };
  const out = (epsilon: number): number =>
    groupNorm(x, affine, { groups: 1, epsilon, activation: 'none' }).dataSync()[0]!;
  t.true(Math.abs(out(1e-6) - 1 / Math.SQRT2) < 1e-4);
  t.true(Math.abs(out(1e-5) - 1 / Math.sqrt(11)) < 1e-4);
});

test('a group with a large mean keeps its variance', (t) => {
  const values = [3000, 3001, 3002, 3003];
  const affine = { gain: tf.ones<tf.Rank.R2>([1, 1]), bias: tf.zeros<tf.Rank.R2>([1, 1]) };
  const y = groupNorm(tf.tensor4d(values, [1, 2, 2, 1]), affine, {
    groups: 1,
    epsilon: 1e-6,
    activation: 'none',
  });
  t.true(relativeError(y.dataSync(), [-1.34164, -0.447213, 0.447213, 1.34164]) < 1e-3);
});

const B = 2;
const SHAPE: [number, number, number, number] = [B, 3, 5, 6];

for (const activation of ['silu', 'none'] as const) {
  for (const rows of [1, B]) {
    for (const groups of [1, 3, 6]) {
      const options: NormOptions = { groups, epsilon: 1e-6, activation };
      test(`${activation}, ${groups} groups, gain of ${rows} rows: value and gradients are those of primitives`, (t) => {
        const inputs = inputsOf(rows);
        const weight = wave([...SHAPE], 0.31);
        const run = (norm: typeof primitives): Float32Array[] => {
          const f = (x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, offset: tf.Tensor): tf.Scalar =>
            tf.sum(tf.mul(norm(x as tf.Tensor4D, gain, bias, offset, options), weight));
          const { value, grads } = tf.valueAndGrads(f as (...args: tf.Tensor[]) => tf.Scalar)(inputs);
          return [value, ...grads].map((tensor) => tensor.dataSync<'float32'>());
        };
        const expected = run(primitives);
        // With one channel a group the offset has no effect: its gradient is rounding, so errors are relative to all.
        const scale = Math.max(...expected.slice(1).flatMap((values) => [...values].map(Math.abs)));
        run(ours).forEach((actual, i) => {
          const worst = Math.max(...actual.map((value, j) => Math.abs(value - expected[i]![j]!)));
          t.true(worst < 2e-5 * scale, `${i}: ${worst}`);
        });
      });
    }
  }
}

test('gradients agree with finite differences', (t) => {
  const options: NormOptions = { groups: 3, epsilon: 1e-6, activation: 'silu' };
  const inputs = inputsOf(1);
  const weight = wave([...SHAPE], 0.31);
  const f = (...args: tf.Tensor[]): tf.Scalar =>
    tf.sum(tf.mul(ours(args[0] as tf.Tensor4D, args[1]!, args[2]!, args[3]!, options), weight));
  const { grads } = tf.valueAndGrads(f)(inputs);
  inputs.forEach((input, i) => {
    const direction = wave(input.shape, 1.7 + i);
    const slope = tf.sum(tf.mul(grads[i]!, direction)).dataSync()[0]!;
    const at = (h: number): number =>
      f(...inputs.with(i, tf.add(input, tf.mul(direction, h)))).dataSync()[0]!;
    const h = 0.02;
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    t.true(
      Math.abs(slope - difference) < 2e-3 * Math.max(1, Math.abs(difference)),
      `input ${i}: ${slope} ${difference}`,
    );
  });
});

function inputsOf(rows: number): tf.Tensor[] {
  const C = SHAPE[3];
  return [wave([...SHAPE], 0.2), tf.add(1, wave([rows, C], 0.9)), wave([rows, C], 2.1), wave([B, C], 3.3)];
}

function wave(shape: number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * (i + 1) + 13 * phase)),
    shape,
  );
}

function ours(
  x: tf.Tensor4D,
  gain: tf.Tensor,
  bias: tf.Tensor,
  offset: tf.Tensor,
  options: NormOptions,
): tf.Tensor {
  return groupNorm(
    x,
    { gain: gain as tf.Tensor2D, bias: bias as tf.Tensor2D, offset: offset as tf.Tensor2D },
    options,
  );
}

function primitives(
  x: tf.Tensor4D,
  gain: tf.Tensor,
  bias: tf.Tensor,
  offset: tf.Tensor,
  { groups, epsilon, activation }: NormOptions,
): tf.Tensor {
  const [b, h, w, c] = x.shape;
  const perImage = (value: tf.Tensor): tf.Tensor => tf.reshape(value, [-1, 1, 1, c]);
  const grouped = tf.reshape(tf.add(x, perImage(offset)), [b, h, w, groups, c / groups]);
  const mean = tf.mean(grouped, [1, 2, 4], true);
  const centred = tf.sub(grouped, mean);
  const variance = tf.mean(tf.square(centred), [1, 2, 4], true);
  const normed = tf.reshape(tf.div(centred, tf.sqrt(tf.add(variance, epsilon))), [b, h, w, c]);
  const y = tf.add(tf.mul(normed, perImage(gain)), perImage(bias));
  return activation === 'silu' ? tf.mul(y, tf.sigmoid(y)) : y;
}
