import Module, { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfNode from '@tensorflow/tfjs-node-gpu';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';

export interface Tensorflow {
  readonly tf: typeof tfNode;
  readonly backend: NodeJSKernelBackend;
}

const require = createRequire(import.meta.url);
let loaded: { addonPath: string; tensorflow: Tensorflow } | undefined;

/**
 * Loads tfjs-node-gpu in this thread, over the addon at `addonPath`. The package asks node-pre-gyp where its addon is
 * and expects it in its own directory; while it loads, the answer is ours, so that many checkouts share one install
 * and nothing is written into node_modules.
 * @throws Error where the addon or its libraries do not load, or another addon is loaded in this thread already
 */
export function loadTensorflow(addonPath: string): Tensorflow {
  if (loaded) {
    if (loaded.addonPath === addonPath) return loaded.tensorflow;
    throw new Error(`this thread has loaded ${loaded.addonPath} already`);
  }
  restoreUtil();
  const tf = withAddonAt(addonPath, () =>
    quietly(() => require('@tensorflow/tfjs-node-gpu') as typeof tfNode),
  );
  signInt64();
  const tensorflow = { tf, backend: tf.backend() as unknown as NodeJSKernelBackend };
  loaded = { addonPath, tensorflow };
  return tensorflow;
}

function withAddonAt<T>(addonPath: string, load: () => T): T {
  const requireThere = createRequire(require.resolve('@tensorflow/tfjs-node-gpu'));
  const preGyp = requireThere.resolve('@mapbox/node-pre-gyp');
  const original = require.cache[preGyp];
  const standIn = new Module(preGyp);
  standIn.exports = { find: () => addonPath };
  standIn.loaded = true;
  require.cache[preGyp] = standIn;
  try {
    return load();
  } finally {
    if (original) require.cache[preGyp] = original;
    else delete require.cache[preGyp];
  }
}

/** tfjs-node leaves the upper half of each int64 that a SavedModel takes 0: -1 arrives as 4294967295. */
function signInt64(): void {
  const tensors = require('@tensorflow/tfjs-node-gpu/dist/int64_tensors.js') as {
    encodeInt32ArrayAsInt64: (values: Int32Array) => Int32Array;
  };
  tensors.encodeInt32ArrayAsInt64 = (values) =>
    new Int32Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
}

/**
 * Functions of `util` that tfjs-node 4.22 calls when an op runs: Node 23 removed the first, and Nodes that have them
 * warn of each on the console.
 */
function restoreUtil(): void {
  const isNullOrUndefined = (value: unknown): boolean => value === null || value === undefined;
  Object.assign(util, { isNullOrUndefined, isArray: Array.isArray });
}

/** tfjs greets on the console of whoever loads it, with advice for programs that do not use tfjs-node. */
function quietly<T>(load: () => T): T {
  const { warn, log, info } = console;
  const silent = (): void => {};
  Object.assign(console, { warn: silent, log: silent, info: silent });
  try {
    return load();
  } finally {
    Object.assign(console, { warn, log, info });
  }
}
