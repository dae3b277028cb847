import type { Engine, EngineDescription, Module, ModuleSpec } from '../engine.js';
import { removeStaleDirectories } from './directory.js';
import { SessionModule } from './module.js';
import type { TensorFlowBinding } from './session.js';
import { traceModule } from './trace.js';

export interface CompiledEngineOptions {
  /** The addon of `@tensorflow/tfjs-node-gpu`: `binding` of its backend. */
  readonly binding: TensorFlowBinding;
  readonly description: EngineDescription;
}

/** An engine that traces each program once, and runs it as one call of a TensorFlow session. */
export function openCompiledEngine(options: CompiledEngineOptions): Engine {
  removeStaleDirectories();
  return new CompiledEngine(options);
}

class CompiledEngine implements Engine {
  readonly description: EngineDescription;
  readonly #binding: TensorFlowBinding;
  readonly #modules = new Set<SessionModule>();

  constructor({ binding, description }: CompiledEngineOptions) {
    this.description = description;
    this.#binding = binding;
  }

  async load(spec: ModuleSpec): Promise<Module> {
    const compiled = traceModule(spec, this.description.precision);
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
