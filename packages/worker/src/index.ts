export { parseWorkerFlags, startOptions, type WorkerFlags } from './arguments.js';
export type { Addresses } from './link.js';
export type { WorkerEnd, WorkerOptions } from './options.js';
export { runWorker } from './run.js';
export { startWorker, type StartOptions } from './start.js';
export * from './machine/index.js';
export type * from './shell/ports.js';
