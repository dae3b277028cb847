export type * from './effects.js';
export type * from './events.js';
export type { LeasedNode } from './leases.js';
export type { ShareQuestion } from './requests.js';
export { initialState, replicaOf, type Phase, type Replica, type WorkerState } from './state.js';
export { step } from './step.js';
