export type { Addresses } from './link.js';
export type { WorkerEnd, WorkerOptions } from './options.js';
export { runWorker } from './run.js';
