import type { Engine, EngineDescription, Module, ModuleSpec } from '../engine.js';
import { removeStaleDirectories } from './directory.js';
import { SessionModule } from './module.js';
import { hasOperations, OPERATIONS_TAG } from './native/operations.js';
import type { TensorFlowBinding } from './session.js';
import { traceModule } from './trace.js';

export interface CompiledEngineOptions {
  /** The addon of `@tensorflow/tfjs-node-gpu`: `binding` of its backend. */
  readonly binding: TensorFlowBinding;
  readonly description: EngineDescription;
  /**
   * Whether graphs may use the addon's own operations, where it has them and on a CPU.
   * Default: unless `DDPM_FLEET_OPERATIONS` is `off`.
   */
  readonly native?: boolean;
}

/** An engine that traces each program once, and runs it as one call of a TensorFlow session. */
export function openCompiledEngine(options: CompiledEngineOptions): Engine {
  removeStaleDirectories();
  return new CompiledEngine(options);
}

class CompiledEngine implements Engine {
  readonly description: EngineDescription;
  readonly #binding: TensorFlowBinding;
  readonly #native: boolean;
  readonly #modules = new Set<SessionModule>();

  constructor({ binding, description, native = isWanted() }: CompiledEngineOptions) {
    this.#native = native && description.device === 'cpu' && hasOperations(binding);
    const version = this.#native ? `${description.version}+${OPERATIONS_TAG}` : description.version;
    this.description = { ...description, version };
    this.#binding = binding;
  }

  async load(spec: ModuleSpec): Promise<Module> {
    const compiled = traceModule(spec, { precision: this.description.precision, native: this.#native });
    const module = new SessionModule(this.#binding, spec.name, compiled, () => this.#modules.delete(module));
    this.#modules.add(module);
    return module;
  }

  /** Tensors between calls, and the bytes of the variables on the device. */
  memory(): { numTensors: number; numBytes: number } {
    const numBytes = [...this.#modules].reduce((sum, module) => sum + module.numBytes, 0);
    return { numTensors: this.#binding.getNumOfTensors(), numBytes };
  }

  async dispose(): Promise<void> {
    for (const module of [...this.#modules]) module.dispose();
  }
}

function isWanted(): boolean {
  return process.env['DDPM_FLEET_OPERATIONS'] !== 'off';
}
