import { join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { exportGraphModel, type TrainedModel } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import { serveFolders } from '../support/fileServer.js';
import { batchFor, outputsOf, randomModel, SHAPES, tinyShape, worstDifference } from '../support/models.js';
import type { Batch } from '../support/models.js';

const TOLERANCE = 1e-4;

const MODELS: Readonly<Record<string, readonly string[]>> = {
  'with classes, hints and rescaled t': ['model.numClasses=3', 'diffusion.selfConditioning=true', 'diffusion.rescaleTimesteps=true'], // prettier-ignore
  'without convolutions in resampling': ['model.resampWithConv=false'],
  'improved-diffusion': ['model.kind=improved', 'model.useScaleShiftNorm=true', 'model.numHeads=4', 'model.resblockUpdown=true'], // prettier-ignore
  'the walk-through': ['model.kind=zoubohao'],
  'the conditional walk-through': ['model.kind=zoubohao-conditional', 'model.numClasses=4'],
};

test.before(() => tf.setBackend('cpu'));

function tensors({ image }: TrainedModel, batch: Batch): Record<string, tf.Tensor> {
  const shape = [batch.t.length, image.size, image.size, image.channels];
  const { x, t, label, previousXStart } = batch;
  return {
    x: tf.tensor(x, shape),
    t: tf.tensor1d(t, 'int32'),
    ...(label && { label: tf.tensor1d(label, 'int32') }),
    ...(previousXStart && { previousXStart: tf.tensor(previousXStart, shape) }),
  };
}

for (const [name, set] of Object.entries(MODELS)) {
  test.serial(`${name}: tf.loadGraphModel computes the same, for any number of images`, async (t) => {
    const model = randomModel(tinyShape(set));
    const out = temporaryDirectory(t);
    const { files } = exportGraphModel(model, out);
    t.deepEqual(files, ['model.json', 'group1-shard1of1.bin'].map((file) => join(out, file))); // prettier-ignore
    const graph = await loadGraphModel(`${await serveFolders(t, { out })}/out/model.json`);
    for (const count of [1, 3]) {
      const batch = batchFor(model, count);
      const [expected] = await outputsOf(model, [batch]);
      const y = graph.predict(tensors(model, batch)) as tf.Tensor;
      t.deepEqual(y.shape, [count, 8, 8, 3]);
      const worst = worstDifference(y.dataSync(), expected!);
      t.true(worst < TOLERANCE, `${count} images: ${worst}`);
    }
    graph.dispose();
  });
}

test.serial('the quickstart’s network at five timesteps', async (t) => {
  const model = randomModel(SHAPES.quickstart);
  const out = temporaryDirectory(t);
  exportGraphModel(model, out);
  const graph = await loadGraphModel(`${await serveFolders(t, { out })}/out/model.json`);
  const batch = { ...batchFor(model, 5), t: Int32Array.of(0, 3, 250, 741, 999) };
  const [expected] = await outputsOf(model, [batch]);
  const y = graph.predict(tensors(model, batch)) as tf.Tensor;
  const worst = worstDifference(y.dataSync(), expected!);
  t.log(`largest difference ${worst.toExponential(1)}`);
  t.true(worst < TOLERANCE, `${worst}`);
  graph.dispose();
});

test.serial('a learned variance is an output of its own; a fixed batch is fixed', async (t) => {
  const model = randomModel(tinyShape(['diffusion.modelVarType=learnedRange', 'diffusion.lossType=hybrid']));
  const out = temporaryDirectory(t);
  const { predictor } = exportGraphModel(model, out, 2);
  t.deepEqual(predictor.outputs.map(({ name, shape }) => [name, shape]), [['eps', [2, 8, 8, 3]], ['varianceFraction', [2, 8, 8, 3]]]); // prettier-ignore
  const graph = await loadGraphModel(`${await serveFolders(t, { out })}/out/model.json`);
  const batch = batchFor(model, 2);
  const [expected] = await outputsOf(model, [batch]);
  const [eps, fraction] = graph.predict(tensors(model, batch)) as tf.Tensor[];
  const both = tf.concat([eps!, fraction!], 3).dataSync();
  t.true(worstDifference(both, expected!) < TOLERANCE);
  t.throws(() => graph.predict(tensors(model, batchFor(model, 3))), { message: /shape/ });
  graph.dispose();
});
