import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fleetError } from '@ddpm-fleet/core';
import { locateEngine } from '../install/cache.js';
import { loadTensorflow } from '../backends/tensorflow/load.js';

/** Somebody else's model: one tensor of images in, tensors out. */
export interface ForeignGraph {
  /** Of the images; null where any number will do. */
  readonly inputShape: readonly (number | null)[] | undefined;
  /** @param output one of several by name; the first if absent. Under `tf.tidy` of the caller. */
  run(images: tf.Tensor4D, output?: string): tf.Tensor;
  dispose(): void;
}

type Predict = (inputs: tf.Tensor) => tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;

interface Model {
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly (number | string | null)[] }[];
  readonly outputs: readonly { readonly name: string }[];
  predict: Predict;
  dispose(): void;
}

/**
 * Opens a TensorFlow SavedModel (a directory with saved_model.pb; the TensorFlow engine alone runs it) or a TF.js graph
 * model (model.json and its weights). An engine must be open in this process.
 * @throws DDPM_ERR_GRAPH with what is wrong with it
 */
export async function openGraph(path: string): Promise<ForeignGraph> {
  const model = await loadModel(path).catch((cause: unknown) => {
    throw failure(path, (cause as Error).message.split('\n')[0]!, cause);
  });
  const [input, ...others] = model.inputs;
  if (!input || others.length > 0) {
    throw failure(path, `it has ${model.inputs.length} inputs, and one of images is needed`);
  }
  return {
    // Of a SavedModel they are 64-bit integers as text, and -1 for any number.
    inputShape: input.shape?.map((dim) => (Number(dim) > 0 ? Number(dim) : null)),
    run: (images, output) => {
      const result = model.predict(images);
      return chosen(path, model, result, output);
    },
    dispose: () => model.dispose(),
  };
}

function chosen(path: string, model: Model, result: ReturnType<Predict>, output?: string): tf.Tensor {
  const named =
    result instanceof tf.Tensor || Array.isArray(result)
      ? Object.fromEntries([result].flat().map((one, i) => [model.outputs[i]!.name, one]))
      : result;
  const name = output ?? Object.keys(named)[0]!;
  const tensor = named[name];
  if (tensor) return tensor;
  throw failure(path, `it has no output ${name}; it has ${Object.keys(named).join(', ')}`);
}

async function loadModel(path: string): Promise<Model> {
  const isDirectory = (await stat(path)).isDirectory();
  if (isDirectory && existsSync(join(path, 'saved_model.pb'))) return loadSavedModel(path);
  return loadGraphModelAt(isDirectory ? join(path, 'model.json') : path);
}

async function loadSavedModel(path: string): Promise<Model> {
  const installed = locateEngine();
  if (!installed) throw new Error('a SavedModel needs the TensorFlow engine (ddpm-fleet engine install)');
  return (await loadTensorflow(installed.addonPath).tf.node.loadSavedModel(path)) as unknown as Model;
}

async function loadGraphModelAt(file: string): Promise<Model> {
  const { loadGraphModel } = await import('@tensorflow/tfjs');
  const { weightsManifest = [], ...json } = JSON.parse(await readFile(file, 'utf8')) as tf.io.ModelJSON;
  if (json.format !== 'graph-model') {
    throw new Error(`its format is ${json.format ?? 'not given'}; convert it to a TF.js graph model`);
  }
  const parts = weightsManifest.flatMap(({ paths }) =>
    paths.map((name) => readFile(join(dirname(file), name))),
  );
  const weights = Buffer.concat(await Promise.all(parts));
  const weightData = weights.buffer.slice(
    weights.byteOffset,
    weights.byteOffset + weights.byteLength,
  ) as ArrayBuffer;
  const artifacts = { ...json, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData };
  return (await loadGraphModel(tf.io.fromMemory(artifacts as tf.io.ModelArtifacts))) as unknown as Model;
}

function failure(path: string, detail: string, cause?: unknown): Error {
  return fleetError('DDPM_ERR_GRAPH', { path, detail }, { cause });
}
