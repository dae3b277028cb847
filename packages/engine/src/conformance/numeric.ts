import * as tf from '@tensorflow/tfjs-core';
import type { ModuleSpec, ProgramSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

/** Every elementwise operation of floats that a body may use, by the operand that is looked at. */
const ELEMENTWISE: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  abs: tf.abs,
  add: (x) => tf.add(x, 1),
  addLeft: (x) => tf.add(1, x),
  addN: (x) => tf.addN([tf.ones(x.shape), x]),
  atan2: (x) => tf.atan2(x, 1),
  ceil: tf.ceil,
  clipByValue: (x) => tf.clipByValue(x, -1, 1),
  cos: tf.cos,
  div: (x) => tf.div(x, 2),
  divBy: (x) => tf.div(0, x),
  elu: tf.elu,
  erf: tf.erf,
  exp: tf.exp,
  expm1: tf.expm1,
  floor: tf.floor,
  floorDiv: (x) => tf.floorDiv(x, 2),
  log: tf.log,
  log1p: tf.log1p,
  maximum: (x) => tf.maximum(x, 0),
  maximumOf: (x) => tf.maximum(0, x),
  maximumOfTensor: (x) => tf.maximum(tf.zeros(x.shape), x),
  maximumOfRow: (x) => tf.maximum(tf.zeros([2, 1]), x),
  minimum: (x) => tf.minimum(x, 0),
  minimumOf: (x) => tf.minimum(0, x),
  minimumOfTensor: (x) => tf.minimum(tf.zeros(x.shape), x),
  minimumOfRow: (x) => tf.minimum(tf.zeros([2, 1]), x),
  mod: (x) => tf.mod(x, 2),
  mul: (x) => tf.mul(x, 0),
  mulBy: (x) => tf.mul(0, x),
  neg: tf.neg,
  pow: (x) => tf.pow(x, 2),
  powOf: (x) => tf.pow(2, x),
  reciprocal: tf.reciprocal,
  relu: tf.relu,
  round: tf.round,
  rsqrt: tf.rsqrt,
  sigmoid: tf.sigmoid,
  sign: tf.sign,
  sin: tf.sin,
  softplus: tf.softplus,
  sqrt: tf.sqrt,
  square: tf.square,
  squaredDifference: (x) => tf.squaredDifference(1, x),
  step: (x) => tf.step(x),
  sub: (x) => tf.sub(x, 1),
  subFrom: (x) => tf.sub(1, x),
  tanh: tf.tanh,
  where: (x) => tf.where(tf.greater(tf.ones(x.shape), 0), x, tf.zeros(x.shape)),
};

/** What brings many numbers together: one NaN, wherever it stands, makes NaN of the whole. */
const REDUCTIONS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  logSumExp: (x) => tf.logSumExp(x),
  max: (x) => tf.max(x),
  mean: (x) => tf.mean(x),
  min: (x) => tf.min(x),
  prod: (x) => tf.prod(x),
  softmax: (x) => tf.sum(tf.softmax(tf.reshape(x, [8]))),
  sum: (x) => tf.sum(x),
};

const SHAPE = [2, 4];
const VALUES = [0.5, -2, 3, 0, -0.25, 1, 7, -1];

const operations: ProgramSpec = {
  inputs: { x: { shape: SHAPE, dtype: 'float32' } },
  body: ({ input }) => {
    const all = { ...ELEMENTWISE, ...REDUCTIONS };
    return { outputs: Object.fromEntries(Object.entries(all).map(([name, of]) => [name, of(input('x'))])) };
  },
};

/** 2^25 elements from 2^13, so that the suite need not hold them. */
const PERIOD = 2 ** 13;
const REPEATS = 2 ** 12;
const pattern = Float32Array.from({ length: PERIOD }, (_, i) => 0.1 + Math.abs(Math.sin(i * i)));
const PATTERN_SUM = pattern.reduce((sum, value) => sum + value, 0);

const manyElements: ProgramSpec = {
  inputs: { pattern: { shape: [PERIOD], dtype: 'float32' } },
  body: ({ input }) => {
    const all = tf.tile(tf.reshape(input('pattern'), [1, PERIOD]), [REPEATS, 1]);
    const outputs = {
      sum: tf.sum(all),
      mean: tf.mean(all),
      norm: tf.sqrt(tf.sum(tf.square(all))),
      columns: tf.sum(tf.sum(all, 0)),
      rows: tf.sum(tf.reshape(all, [2, -1]), 1),
    };
    return { outputs };
  },
};

/** Sums over every set of axes of [2, 3, 4, 5]. */
const AXES = Array.from({ length: 16 }, (_, set) => [0, 1, 2, 3].filter((axis) => (set >> axis) & 1));
const BLOCK = [2, 3, 4, 5];

const numeric: ModuleSpec = {
  name: 'numeric',
  variables: {},
  programs: {
    operations,
    manyElements,
    axes: {
      inputs: { x: { shape: BLOCK, dtype: 'float32' } },
      body: ({ input }) => {
        const sums = AXES.map((axes) => [
          axes.join() || 'none',
          tf.sum(input('x'), axes, axes.length % 2 > 0),
        ]);
        return { outputs: Object.fromEntries(sums) as Record<string, tf.Tensor> };
      },
    },
  },
};

export const numericCases: readonly Case[] = [
  {
    title: 'NaN stays NaN through every elementwise operation and reduction, and makes no other element NaN',
    run: (t, engine) =>
      withModule(engine, numeric, (module) => {
        const plain = module.run('operations', { x: Float32Array.from(VALUES) });
        for (let at = 0; at < VALUES.length; at++) {
          const damaged = module.run('operations', {
            x: Float32Array.from(VALUES, (v, i) => (i === at ? NaN : v)),
          });
          for (const name of Object.keys(ELEMENTWISE)) {
            const want = Array.from(plain[name]!, (value, i) => (i === at ? NaN : value));
            t.deepEqual([...damaged[name]!], want, `${name} of NaN at ${at}`);
          }
          for (const name of Object.keys(REDUCTIONS))
            t.true(Number.isNaN(damaged[name]![0]), `${name}, NaN at ${at}`);
        }
      }),
  },
  {
    title: 'clips and extremes of what is no number are right: infinities, both zeros, bounds',
    run: (t, engine) =>
      withModule(engine, numeric, (module) => {
        const x = Float32Array.of(-Infinity, Infinity, -0, 0, -1, 1, 3e38, -3e38);
        const { clipByValue, maximum, minimum, sign } = module.run('operations', { x });
        t.deepEqual([...clipByValue!].map(Number), [-1, 1, -0, 0, -1, 1, 1, -1]);
        t.deepEqual([...maximum!].map(Math.abs), [0, Infinity, 0, 0, 0, 1, Math.fround(3e38), 0]);
        t.deepEqual([...minimum!].map(Math.abs), [Infinity, 0, 0, 0, 1, 0, 0, Math.fround(3e38)]);
        t.deepEqual(
          [...sign!].map((value) => value + 0),
          [-1, 1, 0, 0, -1, 1, 1, -1],
        );
      }),
  },
  {
    title: 'sums and means of 2^25 elements are right to 1e-5',
    run: (t, engine) =>
      withModule(engine, numeric, (module) => {
        const { sum, mean, norm, columns, rows } = module.run('manyElements', { pattern });
        const isNear = (value: number, want: number): boolean => Math.abs(value / want - 1) < 1e-5;
        const total = PATTERN_SUM * REPEATS;
        const squares = pattern.reduce((all, value) => all + value * value, 0) * REPEATS;
        t.true(isNear(sum![0]!, total), `sum ${sum![0]}, ${total}`);
        t.true(isNear(mean![0]!, PATTERN_SUM / PERIOD), `mean ${mean![0]}, ${PATTERN_SUM / PERIOD}`);
        t.true(isNear(norm![0]!, Math.sqrt(squares)), `norm ${norm![0]}, ${Math.sqrt(squares)}`);
        t.true(isNear(columns![0]!, total), `columns ${columns![0]}, ${total}`);
        for (const row of rows!) t.true(isNear(row, total / 2), `row ${row}, ${total / 2}`);
      }),
  },
  {
    title: 'sums over every set of axes',
    run: (t, engine) =>
      withModule(engine, numeric, (module) => {
        const x = Float32Array.from({ length: 120 }, (_, i) => i);
        const sums = module.run('axes', { x });
        for (const axes of AXES)
          t.deepEqual(sums[axes.join() || 'none'], sumOver(x, axes), `axes ${axes.join()}`);
      }),
  },
];

/** Whole numbers: exact in any order. */
function sumOver(x: Float32Array, axes: readonly number[]): Float32Array {
  const kept = BLOCK.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const out = new Float32Array(kept.reduce((product, size) => product * size, 1));
  x.forEach((value, i) => {
    let [rest, to, stride] = [i, 0, 1];
    for (let axis = BLOCK.length - 1; axis >= 0; axis--) {
      const index = rest % BLOCK[axis]!;
      rest = Math.floor(rest / BLOCK[axis]!);
      if (!axes.includes(axis)) to += index * stride;
      stride *= kept[axis]!;
    }
    out[to]! += value;
  });
  return out;
}
