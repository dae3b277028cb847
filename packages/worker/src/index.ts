export { parseWorkerFlags, startOptions, type WorkerFlags } from './arguments.js';
export * from './machine/index.js';
export { runWorker, type WorkerOptions } from './run.js';
export type * from './shell/ports.js';
export { WorkerShell } from './shell/shell.js';
export { startWorker, type StartOptions } from './start.js';
