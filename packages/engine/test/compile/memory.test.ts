import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { ModuleSpec } from '../../src/index.js';
import { openCompiled } from './engines.js';

const SIZE = 1 << 20;

const spec: ModuleSpec = {
  name: 'memory',
  variables: { total: { shape: [SIZE] }, last: { shape: [SIZE] } },
  programs: {
    add: {
      inputs: { x: { shape: [SIZE], dtype: 'float32' } },
      body: ({ input, read }) => {
        const total = tf.add(read('total'), input('x'));
        return { outputs: { total, sum: tf.sum(total) }, assign: { total, last: input('x') } };
      },
    },
  },
};

test('the process stays as large as it is over hundreds of runs with megabytes in and out', async (t) => {
  const engine = await openCompiled();
  const module = await engine.load(spec);
  const x = new Float32Array(SIZE).fill(1);
  const megabytes = (runs: number): number => {
    for (let i = 0; i < runs; i++) {
      module.run('add', { x });
      module.writeVariable('total', module.readVariable('last'));
    }
    return process.memoryUsage().rss / 2 ** 20;
  };
  const before = megabytes(100);
  const after = megabytes(400);
  // 400 runs that each kept one array would add 1600 MB.
  t.true(after - before < 100, `${before} MB after 100 runs, ${after} MB after 500`);
  t.is(engine.memory().numTensors, 0);
  t.is(engine.memory().numBytes, 2 * 4 * SIZE);
  await engine.dispose();
  t.is(engine.memory().numBytes, 0);
});
