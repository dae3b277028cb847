/** Run as a process: a digest of what the addon's operations give with as many threads as argv[2] says. */
import { createHash } from 'node:crypto';
import { openEngine, type ModuleSpec } from '../../src/index.js';
import { runOnce, wave } from './engines.js';
import {
  DROPOUT,
  dropoutInputs,
  fusedGroupNorm,
  updateInputs,
  updateSpec,
  type NormShape,
} from './nativePrograms.js';
import * as tf from '@tensorflow/tfjs-core';

const shape: NormShape = { B: 5, N: 300, C: 40, groups: 8, activation: 'silu', perImage: false };
const norm: ModuleSpec = {
  name: 'norm',
  variables: {},
  programs: {
    run: {
      inputs: { x: { shape: [5, 300, 40], dtype: 'float32' } },
      body: ({ input }) => {
        const rest = [tf.fill([1, 40], 1.5), tf.fill([1, 40], 0.25), tf.fill([5, 40], 0.125)];
        const op = (x: tf.Tensor): tf.Tensor => fusedGroupNorm([x, ...rest], shape);
        return { outputs: { z: op(input('x')), dx: tf.grad((x) => tf.sum(tf.square(op(x))))(input('x')) } };
      },
    },
  },
};

const engine = await openEngine({
  kind: 'tensorflow',
  compiled: true,
  precision: 'float32',
  threads: Number(process.argv[2]),
});
const hash = createHash('sha256');
const results = [
  await runOnce(engine, norm, { x: wave(60_000) }),
  await runOnce(engine, DROPOUT, dropoutInputs(3n)),
  await runOnce(engine, updateSpec(true, 1e-3), updateInputs(1e-3)),
];
for (const values of results.flatMap((result) => Object.values(result))) hash.update(values);
console.log(`digest ${hash.digest('hex')}`);
