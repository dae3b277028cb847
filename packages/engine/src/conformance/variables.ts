import * as tf from '@tensorflow/tfjs-core';
import type { ModuleSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

const pair: ModuleSpec = {
  name: 'pair',
  variables: { a: { shape: [2, 2] }, b: { shape: [2, 2] } },
  programs: {
    swap: {
      inputs: {},
      body: ({ read }) => ({
        outputs: { sum: tf.add(read('a'), read('b')) },
        assign: { a: read('b'), b: read('a') },
      }),
    },
    readAfter: {
      inputs: { x: { shape: [2, 2], dtype: 'float32' } },
      body: ({ input, read }) => {
        const next = tf.add(read('a'), input('x'));
        return { outputs: { before: read('a'), next }, assign: { a: next } };
      },
    },
    keepInput: {
      inputs: { x: { shape: [2, 2], dtype: 'float32' } },
      body: ({ input }) => ({ assign: { a: input('x') } }),
    },
  },
};

const ONES = new Float32Array([1, 2, 3, 4]);
const TENS = new Float32Array([10, 20, 30, 40]);

export const variableCases: readonly Case[] = [
  {
    title: 'variables are zero until written, and hold copies',
    run: (t, engine) =>
      withModule(engine, pair, (module) => {
        t.deepEqual(module.readVariable('a'), new Float32Array(4));
        const values = ONES.slice();
        module.writeVariable('a', values);
        values[0] = 99;
        const read = module.readVariable('a');
        t.deepEqual(read, ONES);
        read[1] = 99;
        t.deepEqual(module.readVariable('a'), ONES);
      }),
  },
  {
    title: 'assigns take effect together, after every read',
    run: (t, engine) =>
      withModule(engine, pair, (module) => {
        module.writeVariable('a', ONES);
        module.writeVariable('b', TENS);
        for (let i = 0; i < 3; i++) {
          t.deepEqual(module.run('swap'), { sum: new Float32Array([11, 22, 33, 44]) });
          t.deepEqual(module.readVariable('a'), i % 2 ? ONES : TENS);
          t.deepEqual(module.readVariable('b'), i % 2 ? TENS : ONES);
        }
      }),
  },
  {
    title: 'a program reads what the last one assigned',
    run: (t, engine) =>
      withModule(engine, pair, (module) => {
        for (let i = 0; i < 3; i++) {
          const { before, next } = module.run('readAfter', { x: ONES });
          t.deepEqual(
            before,
            ONES.map((one) => one * i),
          );
          t.deepEqual(
            next,
            ONES.map((one) => one * (i + 1)),
          );
        }
        t.deepEqual(
          module.readVariable('a'),
          ONES.map((one) => one * 3),
        );
      }),
  },
  {
    title: 'an assigned input outlives the array it came in',
    run: (t, engine) =>
      withModule(engine, pair, (module) => {
        const x = ONES.slice();
        t.deepEqual(module.run('keepInput', { x }), {});
        x.fill(99);
        module.run('keepInput', { x: TENS });
        module.run('readAfter', { x: new Float32Array(4) });
        t.deepEqual(module.readVariable('a'), TENS);
      }),
  },
  {
    title: 'modules have their own variables',
    run: (t, engine) =>
      withModule(engine, pair, (first) => {
        first.writeVariable('a', ONES);
        return withModule(engine, pair, (second) => {
          second.writeVariable('a', TENS);
          t.deepEqual(first.readVariable('a'), ONES);
        });
      }),
  },
];
