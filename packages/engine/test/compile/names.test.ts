import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { openCompiled, oneProgram, runOnce, wave } from './engines.js';

const SIDE = 16;
const TERMS = 6;
const inputs = Object.fromEntries(
  Array.from({ length: TERMS }, (_, i) => [`x${i}`, { shape: [SIDE ** 2], dtype: 'float32' as const }]),
);
const values = Object.fromEntries(Object.keys(inputs).map((name, i) => [name, wave(SIDE * SIDE, i)]));

function square(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [SIDE, SIDE]);
}

/** A sum of products, behind so many nodes that it has nothing to do with. */
function sumBehind(others: number) {
  return oneProgram(inputs, (given) => {
    const outputs: Record<string, tf.Tensor> = {};
    for (let i = 0; i < others; i++) outputs[`other${i}`] = tf.add(given['x0']!, i);
    const terms = Object.values(given).map((x) => tf.matMul(square(x), square(given['x0']!)));
    return { ...outputs, sum: terms.reduce((sum, term) => tf.add(sum, term)) };
  });
}

test('a sum has the same bits whatever stands before it in the graph', async (t) => {
  const engine = await openCompiled();
  const { sum: alone } = await runOnce(engine, sumBehind(0), values);
  // Two nodes for each of the others: the numbers of the terms pass from 99 to 100.
  for (const others of [39, 41, 44]) {
    const { sum } = await runOnce(engine, sumBehind(others), values);
    t.deepEqual(sum, alone, `behind ${others}`);
  }
  await engine.dispose();
});
