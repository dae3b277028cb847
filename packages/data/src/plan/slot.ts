/** How a step's batch is cut: globalBatchSize = numSlots x slotBatchSize. */
export interface BatchShape {
  readonly numSlots: number;
  readonly slotBatchSize: number;
}

/** Stream position of the first image of `slot` in step `globalStep`. */
export function slotPosition(
  { numSlots, slotBatchSize }: BatchShape,
  globalStep: number,
  slot: number,
): bigint {
  return BigInt(globalStep) * BigInt(numSlots * slotBatchSize) + BigInt(slot * slotBatchSize);
}

/** The epoch that step `globalStep` begins in: what per-epoch schedules use. */
export function epochOf({ numSlots, slotBatchSize }: BatchShape, globalStep: number, size: number): number {
  return Number((BigInt(globalStep) * BigInt(numSlots * slotBatchSize)) / BigInt(size));
}
