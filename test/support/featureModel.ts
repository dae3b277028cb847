import * as tf from '@tensorflow/tfjs-core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportProgram, freezeProgram, graphModelOf, type ModuleSpec } from '@ddpm-fleet/engine';

const FEATURES = 6;

/** A fixed convolution, SiLU and a mean over pixels: [8, 8, 8, 3] -> [8, 6]. */
const spec: ModuleSpec = {
  name: 'features',
  variables: { kernel: { shape: [3, 3, 3, FEATURES] } },
  programs: {
    features: {
      inputs: { images: { shape: [8, 8, 8, 3], dtype: 'float32' } },
      body: ({ input, read }) => {
        const h = tf.conv2d(input('images') as tf.Tensor4D, read('kernel') as tf.Tensor4D, 1, 'same');
        return { outputs: { features: tf.mean(tf.mul(h, tf.sigmoid(h)), [1, 2]) } };
      },
    },
  },
};

const kernel = Float32Array.from({ length: 27 * FEATURES }, (_, i) => Math.sin(i * i) / 3);

/** Writes it twice. @returns a SavedModel's directory, and the same as a TF.js graph model */
export function writeFeatureModels(dir: string): { savedModel: string; graphModel: string } {
  const savedModel = join(dir, 'features');
  exportProgram(spec, 'features', { kernel }, savedModel);
  const { weightData, weightSpecs, ...model } = graphModelOf(freezeProgram(spec, 'features', { kernel }));
  const graphModel = join(dir, 'tfjs', 'model.json');
  mkdirSync(join(dir, 'tfjs'));
  writeFileSync(join(dir, 'tfjs', 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  writeFileSync(graphModel, JSON.stringify({ ...model, weightsManifest }));
  return { savedModel, graphModel };
}
