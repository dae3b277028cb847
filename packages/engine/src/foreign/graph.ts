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
  /** Of the images: numbers of another type are turned into these. */
  readonly inputType: 'float32' | 'int32';
  /**
   * Under `tf.tidy` of the caller.
   * @param output one by name; may be absent where there is one
   * @throws DDPM_ERR_GRAPH for an output that is not there or not said, and for what the graph cannot compute here
   */
  run(images: tf.Tensor4D, output?: string): tf.Tensor;
  dispose(): void;
}

type Predict = (inputs: tf.Tensor) => tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;

interface ModelInput {
  readonly name: string;
  readonly dtype?: string;
  readonly shape?: readonly (number | string | null)[];
}

interface Model {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly { readonly name: string }[];
  /** Of a SavedModel: what its callers call its outputs, in the order in which they come. */
  readonly signature?: { readonly outputs: Readonly<Record<string, unknown>> };
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
    inputType: isWhole(input) ? 'int32' : 'float32',
    run: (images, output) => chosen(path, model, computed(path, model, images), output),
    dispose: () => model.dispose(),
  };
}

function isWhole({ dtype = '' }: ModelInput): boolean {
  return /int/i.test(dtype);
}

/** What the backend or the graph's executor throws names the operation. */
function computed(path: string, model: Model, images: tf.Tensor4D): ReturnType<Predict> {
  try {
    return model.predict(images);
  } catch (cause) {
    const [first] = (cause as Error).message.split('\n');
    const op = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(first!);
    const detail = op
      ? `its operation ${op[1]} does not exist on the engine ${op[2]} (--engine tensorflow has more)`
      : `it fails: ${first!.trim().slice(0, 300)}`;
    throw failure(path, detail, cause);
  }
}

function chosen(path: string, model: Model, result: ReturnType<Predict>, output?: string): tf.Tensor {
  const named = namedOutputs(model, result);
  const names = Object.keys(named);
  const has = names.join(', ');
  if (output === undefined && names.length > 1)
    throw failure(path, `it has several outputs, ${has}; choose one (--feature-output)`);
  const tensor = named[output ?? names[0]!];
  if (tensor) return tensor;
  throw failure(path, `it has no output ${output}; it has ${has}`);
}

/** By the signature's names, or by those of the graph where it has no signature. */
function namedOutputs({ signature, outputs }: Model, result: ReturnType<Predict>): tf.NamedTensorMap {
  if (!(result instanceof tf.Tensor) && !Array.isArray(result)) return result;
  const keys = Object.keys(signature?.outputs ?? {});
  const tensors = [result].flat();
  const names = keys.length === tensors.length ? keys : outputs.map(({ name }) => name);
  return Object.fromEntries(tensors.map((one, i) => [names[i]!, one]));
}

async function loadModel(path: string): Promise<Model> {
  if (!existsSync(path)) throw new Error('there is nothing of that name');
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
