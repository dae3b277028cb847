import { enginesDir, locateEngine, WASM_VERSION } from '@ddpm-fleet/engine';
import type { EngineConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';

export interface ChosenEngine {
  readonly kind: 'tensorflow' | 'wasm';
  readonly version: string;
  /** Why it is not the fast one, and what would make it so. */
  readonly notice?: string;
}

/**
 * Settles `auto` once for all processes of a run.
 * @throws DDPM_ERR_ENGINE_MISSING when tensorflow is asked for and not installed
 */
export function chooseEngine(kind: EngineConfig['kind']): ChosenEngine {
  const installed = kind === 'wasm' ? undefined : locateEngine();
  // As the engine describes itself: workers derive the run's identity from that. CPU or CUDA is the device's affair.
  if (installed) return { kind: 'tensorflow', version: installed.version };
  if (kind === 'tensorflow') throw fleetError('DDPM_ERR_ENGINE_MISSING', { dir: enginesDir() });
  const notice =
    'Training on WebAssembly, tens of times slower than TensorFlow, because the TensorFlow engine is not installed. ' +
    'Install it with `ddpm-fleet engine install` (needs Python with pip and a C++ compiler) and start a new run.';
  return { kind: 'wasm', version: WASM_VERSION, ...(kind === 'auto' ? { notice } : {}) };
}
