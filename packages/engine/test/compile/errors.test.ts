import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { FleetError } from '@ddpm-fleet/core';
import type { ModuleSpec } from '../../src/index.js';
import { oneProgram, openCompiled, runOnce } from './engines.js';

const x = { x: { shape: [4], dtype: 'float32' } } as const;

test.serial(
  'an operation that is not recorded names itself, its program and where it was called',
  async (t) => {
    const engine = await openCompiled();
    const spec = oneProgram(x, ({ x }) => ({ y: tf.asinh(x!) }));
    const error = await t.throwsAsync<FleetError>(() => engine.load(spec));
    t.is(error.code, 'DDPM_ERR_ENGINE_OP');
    t.regex(error.message, /Asinh, used by one\/run at .*errors\.test\.[jt]s:\d+:\d+/);
  },
);

test.serial('values cannot be read while a program is traced', async (t) => {
  const engine = await openCompiled();
  const spec = oneProgram(x, ({ x }) => ({ y: tf.mul(x!, x!.dataSync()[0]!) }));
  const error = await t.throwsAsync<FleetError>(() => engine.load(spec));
  t.is(error.code, 'DDPM_ERR_ENGINE_TRACE_READ');
  t.regex(error.message, /^one\/run reads a float32 tensor of shape \[4\] at .*errors\.test\.[jt]s:\d+:\d+/);
});

test.serial('a program that needs more memory than there is says how much, and what lowers it', async (t) => {
  const engine = await openCompiled();
  // More than an address can name, so that no machine has it.
  const spec = oneProgram(x, ({ x }) => ({
    y: tf.sum(tf.tile(tf.reshape(x!, [1, 1, 4]), [2 ** 30, 2 ** 25, 1])),
  }));
  const module = await engine.load(spec);
  const error = t.throws<FleetError>(() => module.run('run', { x: new Float32Array(4) }));
  t.is(error.code, 'DDPM_ERR_ENGINE_MEMORY');
  t.regex(error.message, /for one\/run, which needs about 536870912\.0 GiB .*Lower batch\.slotBatchSize/);
  module.dispose();
});

test.serial('values of constants can', async (t) => {
  const engine = await openCompiled();
  const spec = oneProgram({}, () => ({
    y: tf.tensor1d([tf.tensor1d([1, 2]).dataSync()[1]!, tf.zeros([40]).dataSync()[39]!]),
    z: tf.cast(tf.tensor1d([true, false], 'bool').arraySync(), 'int32'),
  }));
  const { y, z } = await runOnce(engine, spec);
  t.deepEqual([...y!, ...z!], [2, 0, 1, 0]);
});

test.serial('what is not declared is refused when it is traced', async (t) => {
  const engine = await openCompiled();
  const missingInput: ModuleSpec = {
    name: 'm',
    variables: {},
    programs: { p: { inputs: { a: x.x }, body: ({ input }) => ({ outputs: { y: input('b') } }) } },
  };
  const missingVariable: ModuleSpec = {
    name: 'm',
    variables: {},
    programs: { p: { inputs: {}, body: ({ read }) => ({ outputs: { y: read('v') } }) } },
  };
  await t.throwsAsync(() => engine.load(missingInput), { message: /m\/p has no input b, only a/ });
  await t.throwsAsync(() => engine.load(missingVariable), { message: /m\/p uses the variable v/ });
});

test.serial('a trace that fails leaves the engine and the current backend as they were', async (t) => {
  const engine = await openCompiled();
  const backend = tf.getBackend();
  const { numTensors } = tf.memory();
  await t.throwsAsync(() => engine.load(oneProgram(x, ({ x }) => ({ y: tf.asinh(tf.exp(x!)) }))));
  t.is(tf.getBackend(), backend);
  t.is(tf.memory().numTensors, numTensors);
  const { y } = await runOnce(
    engine,
    oneProgram(x, ({ x }) => ({ y: tf.exp(x!) })),
    { x: new Float32Array(4) },
  );
  t.deepEqual(y, new Float32Array([1, 1, 1, 1]));
});

test.serial('a disposed module says so', async (t) => {
  const engine = await openCompiled();
  const module = await engine.load(oneProgram(x, ({ x }) => ({ y: x! })));
  module.dispose();
  module.dispose();
  t.throws(() => module.run('run', { x: new Float32Array(4) }), { message: /disposed/ });
  t.throws(() => module.readVariable('v'), { message: /disposed/ });
});
