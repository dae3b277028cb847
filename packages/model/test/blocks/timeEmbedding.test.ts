import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { interleavedEmbedding, timeEmbedding } from '../../src/blocks/timeEmbedding.js';
import { cpuBackend } from '../support/backend.js';
import { golden } from '../support/golden.js';

const values = golden<{ timestep_embedding: Record<string, number[][]> & { timesteps: number[] } }>(
  'ddpm.json',
).timestep_embedding;
/** A plain float32 product t * frequency would be off by 6e-5 at t = 999. */
const TOLERANCE = 2e-6;

test.before(cpuBackend);

const CASES = [
  ['ho_dim8', 8, 'sinCos'],
  ['ho_dim7', 7, 'sinCos'],
  ['openai_dim8', 8, 'cosSin'],
  ['openai_dim7', 7, 'cosSin'],
  ['zoubohao_dim8', 8, 'interleaved'],
] as const;

for (const [name, dim, order] of CASES) {
  test(`trap 15: ${name}`, (t) => {
    const actual = timeEmbedding(tf.tensor1d(values.timesteps, 'int32'), dim, order).arraySync();
    t.is(actual.length, values[name]!.length);
    values[name]!.forEach((row, i) => {
      t.is(actual[i]!.length, dim);
      row.forEach((value, j) => t.true(Math.abs(actual[i]![j]! - value) < TOLERANCE, `${name} ${i} ${j}`));
    });
  });
}

test('the width of the CIFAR UNet', (t) => {
  const row = timeEmbedding(tf.tensor1d([500], 'int32'), 128, 'sinCos').arraySync()[0]!;
  const expected = values['ho_dim128_t500_first4_last4'] as unknown as number[];
  [...row.slice(0, 4), ...row.slice(-4)].forEach((value, i) =>
    t.true(Math.abs(value - expected[i]!) < TOLERANCE),
  );
});

test('a rescaled timestep need not be an integer', (t) => {
  const row = timeEmbedding(tf.tensor1d([0.5]), 8, 'cosSin').arraySync()[0]!;
  t.true(Math.abs(row[0]! - Math.cos(0.5)) < 1e-6);
  t.true(Math.abs(row[4]! - Math.sin(0.5)) < 1e-6);
});

test('the host makes the same interleaved rows as the device', (t) => {
  const device = timeEmbedding(tf.tensor1d([17], 'int32'), 8, 'interleaved').arraySync()[0]!;
  interleavedEmbedding(17, 8).forEach((value, i) => t.true(Math.abs(value - device[i]!) < 1e-5));
});
