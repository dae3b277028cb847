import { fleetError } from '@ddpm-fleet/core';
import type { BatchConfig } from './types.js';

const DEFAULT_BATCH = 128;

/**
 * Two of (globalBatchSize, numSlots, slotBatchSize) give the third; 0 means not given. Where all three are given, the
 * two that were given with more authority (flag, environment, file, default) stand.
 * @throws DDPM_ERR_BATCH when they do not fit together
 */
export function settleBatch(batch: BatchConfig, rankOf: (path: string) => number): BatchConfig {
  const { globalBatchSize, numSlots, slotBatchSize } = withoutWeakest(batch, rankOf);
  const whole = globalBatchSize || (slotBatchSize ? numSlots * slotBatchSize : DEFAULT_BATCH);
  const slots = numSlots || whole / slotBatchSize;
  const settled = { globalBatchSize: whole, numSlots: slots, slotBatchSize: slotBatchSize || whole / slots };
  if (Object.values(settled).every(Number.isInteger) && settled.slotBatchSize * slots === whole)
    return settled;
  throw fleetError('DDPM_ERR_BATCH', {
    whole,
    numSlots: numSlots || 'not given',
    slot: slotBatchSize || 'not given',
  });
}

/** Ties fall to the slot's size first, then to the whole: who changes one of them means to keep the slots. */
function withoutWeakest(batch: BatchConfig, rankOf: (path: string) => number): BatchConfig {
  const { globalBatchSize, slotBatchSize } = batch;
  const ranks = {
    slotBatchSize: rankOf('batch.slotBatchSize'),
    globalBatchSize: rankOf('batch.globalBatchSize'),
    numSlots: rankOf('batch.numSlots'),
  };
  if (!globalBatchSize || !slotBatchSize) return batch;
  const values = Object.values(ranks);
  const weakest = Math.min(...values);
  if (values.every((rank) => rank === weakest)) return batch;
  const dropped = Object.entries(ranks).find(([, rank]) => rank === weakest)![0];
  return { ...batch, [dropped]: 0 };
}
