import * as tf from '@tensorflow/tfjs-core';
import { fleetError } from '@ddpm-fleet/core';
import { EagerEngine } from '../../eager/engine.js';
import type { Engine, EngineOptions } from '../../engine.js';
import { WASM_VERSION } from '../../install/versions.js';
import { loadWasm } from './load.js';

/**
 * @param reason why it is not the fast engine
 * @throws DDPM_ERR_ENGINE_LOAD
 */
export async function openWasm(options: EngineOptions, reason?: string): Promise<Engine> {
  await loadWasm().catch((error: Error) => {
    const remedy = 'Reinstall the npm packages (npm ci), or use --engine tensorflow.';
    throw fleetError(
      'DDPM_ERR_ENGINE_LOAD',
      { kind: 'wasm', detail: error.message, remedy },
      { cause: error },
    );
  });
  return new EagerEngine(tf, 'wasm', {
    kind: 'wasm',
    version: WASM_VERSION,
    device: 'cpu',
    threads: 1,
    compiled: false,
    precision: options.precision,
    ...(reason ? { reason } : {}),
  });
}
