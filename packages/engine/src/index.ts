export type * from './engine.js';
export {
  exportProgram,
  freezeForAnyBatch,
  freezeProgram,
  graphModelOf,
  writeGraphModel,
  writeSavedModel,
  type FrozenProgram,
} from './compile/index.js';
export { engineConformance } from './conformance.js';
export { engineEnvironment, type EnvironmentOptions } from './environment.js';
export {
  enginesDir,
  locateEngine,
  type EngineVariant,
  type InstalledEngine,
  type InstallRecord,
} from './install/cache.js';
export { checkEngine, type Check } from './install/check.js';
export { askCuda, type CudaAnswer, type CudaDevice } from './install/cuda.js';
export { openGraph, type ForeignGraph } from './foreign/graph.js';
export { findGpus, gpuUse, type Gpu, type GpuUse } from './install/gpu.js';
export { engineStatus, type EngineStatus } from './install/status.js';
export type { EngineProbe } from './install/verify.js';
export { installEngine, type InstallOptions } from './install/install.js';
export { openEngine } from './open.js';
export type { SymmetricAlgebra } from './symmetric/algebra.js';
export { openSymmetricAlgebra } from './symmetric/session.js';
export { WASM_VERSION } from './install/versions.js';
