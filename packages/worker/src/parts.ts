/** What stands inside a worker, for whoever puts it on other ground: the simulator. */
export * from './machine/index.js';
export { StoredCheckpoints, type Stores } from './shell/checkpoints.js';
export type * from './shell/ports.js';
export { WorkerShell } from './shell/shell.js';
