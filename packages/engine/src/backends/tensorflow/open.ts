import { isMainThread } from 'node:worker_threads';
import { fleetError } from '@ddpm-fleet/core';
import type { EngineDescription, EngineOptions } from '../../engine.js';
import { engineEnvironment } from '../../environment.js';
import { enginesDir, locateEngine, type InstalledEngine } from '../../install/cache.js';
import { deviceName, unusedGpu } from './device.js';
import { loadTensorflow, type Tensorflow } from './load.js';

export interface OpenedTensorflow extends Tensorflow {
  readonly installed: InstalledEngine;
  /** `compiled` and `precision` as asked: whoever builds the engine on it keeps them true. */
  readonly description: EngineDescription;
}

let threadsOfProcess: number | undefined;

/**
 * Loads the installed TensorFlow into this thread.
 * @throws DDPM_ERR_ENGINE_MISSING, DDPM_ERR_ENGINE_LOAD, DDPM_ERR_ENGINE_THREADS
 */
export async function openTensorflow(options: EngineOptions): Promise<OpenedTensorflow> {
  const installed = locateEngine();
  if (!installed) throw fleetError('DDPM_ERR_ENGINE_MISSING', { dir: enginesDir() });
  fixThreads(options.threads, installed);
  const tensorflow = load(installed);
  const { binding, isUsingGpuDevice } = tensorflow.backend;
  const reason = isUsingGpuDevice ? undefined : await unusedGpu(installed);
  if (reason) options.onNotice?.(reason);
  const description: EngineDescription = {
    kind: 'tensorflow',
    version: binding.TF_Version,
    device: isUsingGpuDevice ? await deviceName() : 'cpu',
    threads: options.threads,
    compiled: options.compiled,
    precision: options.precision,
    ...(reason ? { reason } : {}),
  };
  return { ...tensorflow, installed, description };
}

function load(installed: InstalledEngine): Tensorflow {
  try {
    return loadTensorflow(installed.addonPath);
  } catch (error) {
    const detail = (error as Error).message.split('\n')[0];
    const remedy = 'Install it again: ddpm-fleet engine install --force.';
    throw fleetError('DDPM_ERR_ENGINE_LOAD', { kind: 'tensorflow', detail, remedy }, { cause: error });
  }
}

/**
 * libtensorflow reads its thread counts from the process's environment when it is first opened, and never again.
 * The main thread can still set them then; a worker thread's `process.env` is a copy that libtensorflow does not see.
 * @throws DDPM_ERR_ENGINE_THREADS where the process has other ones: results depend on them
 */
function fixThreads(threads: number, engine: InstalledEngine): void {
  const wanted = String(threads);
  if (threadsOfProcess === undefined && isMainThread) {
    for (const [name, value] of Object.entries(engineEnvironment({ threads, engine }))) {
      process.env[name] ??= value;
    }
  }
  const actual =
    threadsOfProcess === undefined ? process.env['TF_NUM_INTRAOP_THREADS'] : String(threadsOfProcess);
  if (actual !== wanted) {
    throw fleetError('DDPM_ERR_ENGINE_THREADS', { actual: actual || 'its own number of', wanted });
  }
  threadsOfProcess = threads;
}
