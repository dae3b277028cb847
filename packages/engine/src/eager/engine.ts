import type * as tf from '@tensorflow/tfjs-core';
import type { Engine, EngineDescription, Module, ModuleSpec } from '../engine.js';
import { EagerModule } from './module.js';

/** An engine that runs bodies op by op on a registered, initialised tfjs backend. */
export class EagerEngine implements Engine {
  readonly description: EngineDescription;
  readonly #tf: typeof tf;
  readonly #backendName: string;
  readonly #modules = new Set<Module>();

  constructor(tfjs: typeof tf, backendName: string, description: EngineDescription) {
    this.#tf = tfjs;
    this.#backendName = backendName;
    this.description = description;
  }

  load(spec: ModuleSpec): Promise<Module> {
    const module = new EagerModule(this.#tf, spec, () => this.#enter());
    this.#modules.add(module);
    return Promise.resolve(module);
  }

  memory(): { numTensors: number; numBytes: number } {
    const { numTensors, numBytes } = this.#tf.memory();
    return { numTensors, numBytes };
  }

  dispose(): Promise<void> {
    for (const module of this.#modules) module.dispose();
    this.#modules.clear();
    return Promise.resolve();
  }

  /** Switching to an initialised backend is done when the call returns; the promise has nothing more to say. */
  #enter(): void {
    if (this.#tf.getBackend() !== this.#backendName) void this.#tf.setBackend(this.#backendName);
  }
}
