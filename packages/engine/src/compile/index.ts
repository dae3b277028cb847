export { openCompiledEngine, type CompiledEngineOptions } from './compiledEngine.js';
export { freezeForAnyBatch } from './export/anyBatch.js';
export { freezeProgram, type FrozenProgram } from './export/freeze.js';
export { graphModelOf } from './export/graphModel.js';
export { writeGraphModel } from './export/graphModelFiles.js';
export { exportProgram, writeSavedModel } from './export/savedModel.js';
export type { TensorFlowBinding } from './session.js';
