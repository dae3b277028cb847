export { assertFree } from './assertFree.js';
export { claimRun, type Claim } from './claim.js';
export type { ClaimOptions } from './claimOptions.js';
export type { ClaimRole } from './claimRecord.js';
export type { Here } from './here.js';
