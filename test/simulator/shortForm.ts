import type { BatchOptions } from './batch.js';

/** The runs that are part of `npm test`: some seconds of one core. */
export const SHORT_FORM: BatchOptions = { first: 1, stride: 1, seeds: 100, events: Infinity, steps: 30 };
