import { ARRAYS } from './arrays.js';
import { ELEMENTWISE } from './elementwise.js';
import { FILLED } from './filled.js';
import { INDEXING } from './indexing.js';
import type { KernelTable } from './kernel.js';
import { LINEAR } from './linear.js';
import { REDUCTIONS } from './reductions.js';

/** Every kernel that the compiled engine can record, by tfjs's name. */
export const KERNELS: KernelTable = {
  ...ELEMENTWISE,
  ...FILLED,
  ...ARRAYS,
  ...INDEXING,
  ...REDUCTIONS,
  ...LINEAR,
};

export type { KernelCall, KernelTable, Lowering } from './kernel.js';
