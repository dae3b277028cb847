export { globalBatchSize } from './types.js';
export type * from './types.js';
