import * as tf from '@tensorflow/tfjs-core';
import type { ModuleSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

const echo: ModuleSpec = {
  name: 'echo',
  variables: { v: { shape: [3] } },
  programs: {
    each: {
      inputs: {
        floats: { shape: [2, 2], dtype: 'float32' },
        ints: { shape: [3], dtype: 'int32' },
        bytes: { shape: [2, 1, 2, 1], dtype: 'uint8' },
        scalar: { shape: [], dtype: 'float32' },
      },
      body: ({ input }) => ({
        outputs: {
          floats: tf.mul(input('floats'), input('scalar')),
          ints: tf.add(input('ints'), tf.scalar(1, 'int32')),
          bytes: input('bytes'),
          scaled: tf.sub(tf.div(tf.cast(input('bytes'), 'float32'), 127.5), 1),
        },
      }),
    },
    constant: { inputs: {}, body: () => ({ outputs: { three: tf.tensor1d([1, 2, 3]) } }) },
  },
};

const misfit: ModuleSpec = {
  name: 'misfit',
  variables: { narrow: { shape: [3] } },
  programs: { widen: { inputs: {}, body: () => ({ assign: { narrow: tf.zeros([4]) } }) } },
};

const given = {
  floats: new Float32Array([1, -2, 0.5, 4]),
  ints: new Int32Array([-2147483648, 0, 2147483646]),
  bytes: new Uint8Array([0, 127, 128, 255]),
  scalar: new Float32Array([2]),
};

export const inputCases: readonly Case[] = [
  {
    title: 'inputs and outputs of each dtype',
    run: (t, engine) =>
      withModule(engine, echo, (module) => {
        const { floats, ints, bytes, scaled } = module.run('each', given);
        t.deepEqual(floats, new Float32Array([2, -4, 1, 8]));
        t.deepEqual(ints, new Int32Array([-2147483647, 1, 2147483647]));
        t.deepEqual(bytes, new Int32Array([0, 127, 128, 255]));
        t.true(Math.abs(scaled![3]! - 1) < 1e-6 && scaled![0] === -1);
      }),
  },
  {
    title: 'a program with neither inputs nor variables runs',
    run: (t, engine) =>
      withModule(engine, echo, (module) => {
        t.deepEqual(module.run('constant'), { three: new Float32Array([1, 2, 3]) });
      }),
  },
  {
    title: 'what does not fit is refused, and the module lives on',
    run: (t, engine) =>
      withModule(engine, echo, (module) => {
        t.throws(() => module.run('nothing'), { message: /nothing/ });
        t.throws(() => module.run('each', { ...given, ints: new Int32Array(2) }), { message: /ints/ });
        t.throws(() => module.run('each', { ...given, bytes: new Int32Array(4) }), { message: /bytes/ });
        t.throws(() => module.run('each', { floats: given.floats }), { message: /ints/ });
        t.throws(() => module.writeVariable('v', new Float32Array(2)), { message: /v / });
        t.throws(() => module.readVariable('w'), { message: /w/ });
        t.deepEqual(module.run('constant'), { three: new Float32Array([1, 2, 3]) });
      }),
  },
  {
    title: 'assigning another shape than the variable has is refused',
    run: (t, engine) =>
      t.throwsAsync(() => withModule(engine, misfit, (module) => void module.run('widen')), {
        message: /narrow/,
      }),
  },
];
