import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerKernels } from './kernels/register.js';

const require = createRequire(import.meta.url);
let ready: Promise<void> | undefined;

/**
 * Initialises the wasm backend from the files of its npm package; nothing is fetched. One thread: tfjs switches its
 * threads off on Node.
 */
export function loadWasm(): Promise<void> {
  return (ready ??= initialise());
}

async function initialise(): Promise<void> {
  // tfjs-core alone has no gradients on Node: the union package registers them.
  require('@tensorflow/tfjs');
  const main = require.resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(main), sep));
  registerKernels();
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of tfjs did not initialise');
  await tf.ready();
}
