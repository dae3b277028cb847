export type * from './effects.js';
export type * from './events.js';
export type { MachineOptions } from './options.js';
export { FRESH, HISTORY, type Recovery } from './recovery.js';
export { initialState, type Peer, type State } from './state.js';
export { step } from './step.js';
export { distrustAfter, isTrusted, trustAlso, type Trust } from './trust.js';
