import * as tf from '@tensorflow/tfjs-core';
import type { ModuleSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

const SHAPE = [2, 4];
const VALUES = [0.5, -2, 3, 0, -0.25, 1, 7, -1];

/** Gradients of operations that have a rule of their own for them, from 1 at each element. */
const GRADIENTS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  elu: tf.elu,
  relu: tf.relu,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  sqrt: tf.sqrt,
  square: tf.square,
  tanh: tf.tanh,
};

const slopes: ModuleSpec = {
  name: 'slopes',
  variables: {},
  programs: {
    gradients: {
      inputs: { x: { shape: SHAPE, dtype: 'float32' } },
      body: ({ input }) => {
        const found = Object.entries(GRADIENTS).map(([name, of]) => [name, tf.grad(of)(input('x'))]);
        return { outputs: Object.fromEntries(found) as Record<string, tf.Tensor> };
      },
    },
  },
};

export const slopeCases: readonly Case[] = [
  {
    title: 'NaN stays NaN through gradients, and that of elu is e^x below 0',
    run: (t, engine) =>
      withModule(engine, slopes, (module) => {
        const { elu } = module.run('gradients', { x: Float32Array.from(VALUES) });
        VALUES.forEach((x, i) => t.true(Math.abs(elu![i]! - Math.exp(Math.min(x, 0))) < 1e-6, `elu of ${x}`));
        const damaged = module.run('gradients', {
          x: Float32Array.from(VALUES, (v, i) => (i === 2 ? NaN : v)),
        });
        for (const name of Object.keys(GRADIENTS)) t.true(Number.isNaN(damaged[name]![2]), `of ${name}`);
        t.deepEqual(
          [...damaged['elu']!],
          Array.from(elu!, (value, i) => (i === 2 ? NaN : value)),
        );
      }),
  },
];
