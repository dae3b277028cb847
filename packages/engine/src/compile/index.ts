export { openCompiledEngine, type CompiledEngineOptions } from './compiledEngine.js';
export { freezeProgram, type FrozenProgram } from './export/freeze.js';
export { graphModelOf } from './export/graphModel.js';
export { exportProgram } from './export/savedModel.js';
export type { TensorFlowBinding } from './session.js';
