import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from './kernels/register.js';

const require = createRequire(import.meta.url);
let ready: Promise<void> | undefined;

/**
 * Initialises the wasm backend from the files of its npm package; nothing is fetched. One thread: tfjs switches its
 * threads off on Node.
 * @returns the backend's version
 */
export async function loadWasm(): Promise<string> {
  ready ??= initialise();
  await ready;
  return version_wasm;
}

async function initialise(): Promise<void> {
  // tfjs-core alone has no gradients on Node: the union package registers them.
  require('@tensorflow/tfjs');
  const main = require.resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(main), sep));
  registerTrainingKernels();
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of tfjs did not initialise');
  await tf.ready();
}
