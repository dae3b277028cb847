export { openCompiledEngine, type CompiledEngineOptions } from './compiledEngine.js';
export type { TensorFlowBinding } from './session.js';
