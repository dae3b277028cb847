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
export function openCompiledEngine({ binding, description }: CompiledEngineOptions): Engine {
  removeStaleDirectories();
  const modules = new Set<SessionModule>();
  return {
    description,
    load(spec: ModuleSpec): Promise<Module> {
      const module = new SessionModule(binding, spec.name, traceModule(spec, description.precision));
      modules.add(module);
      return Promise.resolve(module);
    },
    memory: () => ({
      numTensors: binding.getNumOfTensors(),
      numBytes: [...modules].reduce((sum, module) => sum + module.numBytes, 0),
    }),
    dispose(): Promise<void> {
      for (const module of modules) module.dispose();
      modules.clear();
      return Promise.resolve();
    },
  };
}
