import * as tf from '@tensorflow/tfjs-core';
import type { Engine, ModuleSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

const counter: ModuleSpec = {
  name: 'counter',
  variables: { total: { shape: [16] }, unused: { shape: [1000] } },
  programs: {
    add: {
      inputs: {
        x: { shape: [16], dtype: 'float32' },
        bytes: { shape: [16], dtype: 'uint8' },
        at: { shape: [2], dtype: 'int32' },
      },
      body: ({ input, read, random }) => {
        const at = { seed: tf.tensor1d([3], 'int32'), purpose: 1, position: input('at') };
        const scaled = tf.mul(
          input('x'),
          tf.add(random.uniform(at, [16]), tf.cast(input('bytes'), 'float32')),
        );
        const total = tf.add(read('total'), scaled);
        return { outputs: { total, mean: tf.mean(total) }, assign: { total } };
      },
    },
  },
};

const failing: ModuleSpec = {
  name: 'failing',
  variables: { total: { shape: [16] } },
  programs: {
    fail: {
      inputs: {},
      body: ({ read }) => {
        tf.add(read('total'), 1);
        throw new RangeError('this body fails');
      },
    },
  },
};

const inputs = { x: new Float32Array(16).fill(1), bytes: new Uint8Array(16), at: new Int32Array(2) };
const RUNS = 300;

function counts(engine: Engine): { numTensors: number; numBytes: number } {
  const { numTensors, numBytes } = engine.memory();
  return { numTensors, numBytes };
}

export const memoryCases: readonly Case[] = [
  {
    title: `${RUNS} runs leave no tensor behind`,
    run: (t, engine) =>
      withModule(engine, counter, (module) => {
        module.run('add', inputs);
        const before = counts(engine);
        for (let i = 0; i < RUNS; i++) {
          module.run('add', inputs);
          module.readVariable('total');
          module.writeVariable('total', inputs.x);
        }
        t.deepEqual(counts(engine), before);
      }),
  },
  {
    title: 'disposing a module frees what it held',
    run: async (t, engine) => {
      await withModule(engine, counter, (module) => void module.run('add', inputs));
      const before = counts(engine);
      for (let i = 0; i < 5; i++)
        await withModule(engine, counter, (module) => void module.run('add', inputs));
      t.deepEqual(counts(engine), before);
    },
  },
];

/** Only where a body runs at each call can it fail at one; a compiled body fails when it is loaded. */
export const eagerMemoryCases: readonly Case[] = [
  {
    title: 'a body that throws leaves no tensor behind, and its variables alone',
    run: (t, engine) =>
      withModule(engine, failing, (module) => {
        module.writeVariable('total', inputs.x);
        const before = counts(engine);
        t.throws(() => module.run('fail'), { message: /this body fails/ });
        t.deepEqual(counts(engine), before);
        t.deepEqual(module.readVariable('total'), inputs.x);
      }),
  },
];
