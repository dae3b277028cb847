import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { GoldenProblem, GoldenRun } from '../../src/conformance.js';
import { unet, unetParams } from '../../src/index.js';

const root = new URL('../../../../../test/golden/', import.meta.url);

export function golden<T>(file: 'ddpm.json' | 'unet.json' | 'unet-variants.json'): T {
  return JSON.parse(readFileSync(new URL(file, root), 'utf8')) as T;
}

/** Output, loss per image, and the gradient of the mean loss, on the current backend. */
export function runGolden({ config, shape, weights, ...problem }: GoldenProblem): GoldenRun {
  const [B, H, W] = shape;
  const x = tf.tensor4d(problem.x, shape);
  const t = tf.tensor1d(problem.t, problem.t instanceof Int32Array ? 'int32' : 'float32');
  const target = tf.tensor4d(problem.target, [B, H, W, config.outChannels]);
  const options = problem.labels ? { label: tf.tensor1d(problem.labels, 'int32') } : {};
  const shapes = new Map(unetParams(config).map((spec) => [spec.name, [...spec.shape]]));
  const names = [...weights.keys()];
  let seen: tf.Tensor[] = [];
  const { grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
    const byName = new Map(names.map((name, i) => [name, values[i]!]));
    const output = unet(config, (name) => byName.get(name)!, x, t, options);
    const losses = tf.mean(tf.squaredDifference(target, output), [1, 2, 3]);
    seen = [tf.keep(output), tf.keep(losses)];
    return tf.mean(losses) as tf.Scalar;
  })(names.map((name) => tf.tensor(weights.get(name)!, shapes.get(name)!)));
  const [output, lossPerImage] = seen.map((tensor) => tensor.dataSync<'float32'>());
  return {
    output: output!,
    lossPerImage: lossPerImage!,
    grads: new Map(names.map((name, i) => [name, grads[i]!.dataSync<'float32'>()])),
  };
}
