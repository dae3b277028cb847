import { loadGraphModel } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTensorflow } from '../../src/backends/tensorflow/open.js';
import { exportProgram, freezeProgram, graphModelOf } from '../../src/compile/index.js';
import { isClose } from '../../src/conformance/suite.js';
import type { ModuleSpec } from '../../src/index.js';
import { ensureInstalled } from '../installed.js';
import { openEager, wave } from './engines.js';

const SHAPE = [2, 6, 6, 4];

const spec: ModuleSpec = {
  name: 'net',
  variables: {
    kernel: { shape: [3, 3, 4, 8] },
    bias: { shape: [8] },
    up: { shape: [4, 4, 4, 8] },
    unused: { shape: [9] },
  },
  programs: {
    denoise: {
      inputs: { x: { shape: SHAPE, dtype: 'float32' }, t: { shape: [2], dtype: 'int32' } },
      body: ({ input, read }) => {
        const h = tf.add(
          tf.conv2d(input('x') as tf.Tensor4D, read('kernel') as tf.Tensor4D, 2, 'same'),
          read('bias'),
        );
        const scaled = tf.mul(
          tf.mul(h, tf.sigmoid(h)),
          tf.reshape(tf.cast(input('t'), 'float32'), [2, 1, 1, 1]),
        );
        const tokens = tf.reshape(scaled, [2, 9, 8]);
        const mixed = tf.matMul(tf.softmax(tf.matMul(tokens, tokens, false, true)), tokens);
        const small = tf.reshape(mixed, [2, 3, 3, 8]) as tf.Tensor4D;
        const y = tf.conv2dTranspose(
          small,
          read('up') as tf.Tensor4D,
          SHAPE as [number, number, number, number],
          2,
          'same',
        );
        return { outputs: { y, mean: tf.mean(tf.concat([y, input('x')], 3), [1, 2]) } };
      },
    },
    train: { inputs: {}, body: ({ read }) => ({ assign: { bias: tf.add(read('bias'), 1) } }) },
  },
};

const values = { kernel: wave(288, 0, 0.3), bias: new Float32Array(8).fill(0.5), up: wave(512, 1, 0.3) };
const inputs = { x: wave(288, 2), t: Int32Array.of(1, 3) };

async function expected(): Promise<Record<string, Float32Array>> {
  const module = await (await openEager()).load(spec);
  for (const [name, value] of Object.entries(values)) module.writeVariable(name, value);
  return module.run('denoise', inputs) as Record<string, Float32Array>;
}

test.serial('a SavedModel has the names of the program and gives what it gives', async (t) => {
  await ensureInstalled();
  const { tf: tfNode } = await openTensorflow({
    kind: 'tensorflow',
    compiled: true,
    precision: 'float32',
    threads: 1,
  });
  const scratch = mkdtempSync(join(tmpdir(), 'ddpm-fleet-test-'));
  t.teardown(() => rmSync(scratch, { recursive: true }));
  const dir = join(scratch, 'denoiser', '1');
  exportProgram(spec, 'denoise', values, dir);
  t.deepEqual(readdirSync(dir).sort(), ['saved_model.pb', 'variables']);
  const model = await tfNode.node.loadSavedModel(dir);
  const given = { x: tf.tensor(inputs.x, SHAPE), t: tf.tensor1d(inputs.t, 'int32') };
  const { y, mean } = model.predict(given) as Record<string, tf.Tensor>;
  const right = await expected();
  t.true(isClose(y!.dataSync(), right['y']!, 1e-5));
  t.true(isClose(mean!.dataSync(), right['mean']!, 1e-5));
  t.notRegex(readFileSync(join(dir, 'saved_model.pb'), 'latin1'), /Fleet|VarHandleOp/);
  model.dispose();
});

test.serial('a graph model of TF.js gives it on another backend', async (t) => {
  const right = await expected();
  const artifacts = graphModelOf(freezeProgram(spec, 'denoise', values));
  await tf.setBackend('cpu');
  const model = await loadGraphModel(tf.io.fromMemory(artifacts));
  t.deepEqual(model.inputs.map(({ name, shape }) => [name, shape]), [['input/x', SHAPE], ['input/t', [2]]]); // prettier-ignore
  const given = { x: tf.tensor(inputs.x, SHAPE), t: tf.tensor1d(inputs.t, 'int32') };
  const [y, mean] = model.predict(given) as tf.Tensor[]; // by the signature's names
  t.true(isClose(y!.dataSync(), right['y']!, 1e-5));
  t.true(isClose(mean!.dataSync(), right['mean']!, 1e-5));
});

test.serial('what cannot be exported is refused', (t) => {
  t.throws(() => freezeProgram(spec, 'train', values), { message: /bias/ });
  t.throws(() => freezeProgram(spec, 'nothing', values), { message: /nothing/ });
  t.throws(() => freezeProgram(spec, 'denoise', { ...values, bias: new Float32Array(3) }), {
    message: /bias is \[8\], but 3/,
  });
  const { kernel: _, ...rest } = values;
  t.throws(() => freezeProgram(spec, 'denoise', rest), { message: /kernel .*no values/ });
});
