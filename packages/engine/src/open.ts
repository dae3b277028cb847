import * as tf from '@tensorflow/tfjs-core';
import { fleetError, isFleetError } from '@ddpm-fleet/core';
import { openTensorflow } from './backends/tensorflow/open.js';
import { openWasm } from './backends/wasm/open.js';
import { openCompiledEngine } from './compile/index.js';
import { EagerEngine } from './eager/engine.js';
import type { Engine, EngineOptions } from './engine.js';
import { registerGradients } from './gradients.js';

/**
 * Opens an engine in this thread. `auto` is the installed TensorFlow, and wasm where that is missing or does not load;
 * `compiled` holds on TensorFlow alone.
 * @throws DDPM_ERR_ENGINE_MISSING, DDPM_ERR_ENGINE_LOAD, DDPM_ERR_ENGINE_THREADS, DDPM_ERR_ENGINE_PRECISION
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = await openKind(options);
  // The backends load those that tfjs comes with.
  registerGradients();
  return engine;
}

async function openKind(options: EngineOptions): Promise<Engine> {
  if (options.kind === 'wasm') return openWasm(checked(options));
  try {
    return await openOnTensorflow(options);
  } catch (error) {
    if (options.kind === 'tensorflow' || !isUnavailable(error)) throw error;
    return fallBack(checked(options), (error as Error).message);
  }
}

async function openOnTensorflow(options: EngineOptions): Promise<Engine> {
  if (!options.compiled) checked(options);
  const opened = await openTensorflow(options);
  const { backend, description } = opened;
  if (options.compiled) return openCompiledEngine({ binding: backend.binding, description });
  return new EagerEngine(tf, 'tensorflow', description);
}

function fallBack(options: EngineOptions, reason: string): Promise<Engine> {
  options.onNotice?.(
    `training on the wasm engine, ten to twenty-five times slower than TensorFlow on one thread, because ${reason}`,
  );
  return openWasm(options, reason);
}

function isUnavailable(error: unknown): boolean {
  return isFleetError(error, 'DDPM_ERR_ENGINE_MISSING') || isFleetError(error, 'DDPM_ERR_ENGINE_LOAD');
}

/** Eager engines compute in float32 alone: another precision would be another run's arithmetic. */
function checked(options: EngineOptions): EngineOptions {
  if (options.precision === 'float32') return options;
  throw fleetError('DDPM_ERR_ENGINE_PRECISION', { precision: options.precision });
}
