import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { exportProgram, openEngine, type ModuleSpec } from '@ddpm-fleet/engine';
import { FeatureModel, RANGES } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';

const SIZE = 8;

/** Mean and maximum of each channel, by the names of its signature; `dtype` of its images. */
function spec(dtype: 'float32' | 'int32', names: readonly string[]): ModuleSpec {
  return {
    name: 'features',
    variables: {},
    programs: {
      features: {
        inputs: { images: { shape: [2, SIZE, SIZE, 3], dtype } },
        body: ({ input }) => {
          const images = tf.cast(input('images'), 'float32');
          const all: Record<string, tf.Tensor> = {
            mean: tf.mean(images, [1, 2]),
            most: tf.max(images, [1, 2]),
          };
          return { outputs: Object.fromEntries(names.map((name) => [name, all[name]!])) };
        },
      },
    },
  };
}

const open = (path: string, output?: string, range: keyof typeof RANGES = '0:255'): Promise<FeatureModel> =>
  FeatureModel.open({ path, range, ...(output && { output }) });

test.before(() => openEngine({ kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 }));

const pixels = Uint8Array.from({ length: 3 * SIZE * SIZE * 3 }, (_, i) => (i % 3) * 100 + 5);
const images = { pixels, count: 3, size: SIZE, channels: 3 };

test.serial('outputs go by the names of the signature; of several one must be chosen', async (t) => {
  const path = temporaryDirectory(t);
  exportProgram(spec('float32', ['mean', 'most']), 'features', {}, path);
  const error = await t.throwsAsync(open(path), { code: 'DDPM_ERR_GRAPH' });
  t.regex(error!.message, /several outputs, mean, most; choose one \(--feature-output\)/);
  const other = await t.throwsAsync(open(path, 'pool_3'), { code: 'DDPM_ERR_GRAPH' });
  t.regex(other!.message, /no output pool_3; it has mean, most/);
  const { values, dimensions } = (await open(path, 'most')).features(images);
  t.is(dimensions, 3);
  t.deepEqual([...values.subarray(0, 3)], [5, 105, 205]);
});

test.serial(
  'one output needs no name; images become whole numbers where the graph takes those',
  async (t) => {
    const path = temporaryDirectory(t);
    exportProgram(spec('int32', ['mean']), 'features', {}, path);
    const { values } = (await open(path)).features(images);
    t.deepEqual([...values], [5, 105, 205, 5, 105, 205, 5, 105, 205]);
    const error = await t.throwsAsync(open(path, undefined, '-1:1'), { code: 'DDPM_ERR_GRAPH' });
    t.regex(error!.message, /whole numbers.*--feature-range 0:255/);
  },
);

/** The images of a SavedModel, and what takes them, as int64 instead of int32. */
function widenImages(path: string): void {
  const file = join(path, 'saved_model.pb');
  const text = readFileSync(file).toString('latin1');
  const types = /(Placeholder\*\x0b\n\x05dtype\x12\x020|SrcT\x12\x020|images:0\x10)\x03/g;
  const wide = text.replace(types, '$1\x09');
  if (wide.split('\x09').length < 4) throw new Error('the graph is not written as it was');
  writeFileSync(file, Buffer.from(wide, 'latin1'));
}

test.serial('whole numbers of 64 bits keep their sign', async (t) => {
  for (const widen of [() => {}, widenImages]) {
    const path = temporaryDirectory(t);
    exportProgram(spec('int32', ['mean']), 'features', {}, path);
    widen(path);
    const { values } = (await open(path, undefined, '-128:127')).features(images);
    t.deepEqual([...values.subarray(0, 3)], [-123, -23, 77]);
  }
});

test.serial(
  'a graph that cannot be computed is refused by its operation, before the first batch',
  async (t) => {
    const path = temporaryDirectory(t);
    exportProgram(spec('float32', ['mean']), 'features', {}, path);
    const file = join(path, 'saved_model.pb');
    // An operation of the same length that no TensorFlow has.
    const bytes = readFileSync(file).toString('latin1').replaceAll('Mean', 'Meam');
    writeFileSync(file, Buffer.from(bytes, 'latin1'));
    const error = await t.throwsAsync(open(path), { code: 'DDPM_ERR_GRAPH' });
    t.regex(error!.message, /Meam/);
  },
);

test.serial('what is not there is one line', async (t) => {
  const error = await t.throwsAsync(open('/nowhere/inception'), { code: 'DDPM_ERR_GRAPH' });
  t.regex(error!.message, /nothing of that name/);
});
