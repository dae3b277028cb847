/** What stands inside a coordinator, for whoever puts it on other ground: the simulator. */
export * from './machine/index.js';
export { startCoordinator, type RunningCoordinator } from './run.js';
export type { CoordinatorOptions } from './options.js';
export { Attribution } from './goodput/attribution.js';
export { InlineReducer } from './reducer/inlineReducer.js';
export type { Reducer, ReducerHandlers, ReducerOptions, RootBucket } from './reducer/reducer.js';
export { nodeFiles, type Files, type GrowingFile, type Tail } from './server/files.js';
export { machineOptions } from './server/machineOptions.js';
export type { Surroundings } from './server/surroundings.js';
