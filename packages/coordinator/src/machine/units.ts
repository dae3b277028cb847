import { maximalSubtrees, nodeKey, spanOf, type TreeNode } from '@ddpm-fleet/core';

/**
 * A subtree whose sum is to come, whole or part by part. Parts are the buckets of the gradient and, last, the image
 * records. A part that was taken stays taken when its worker dies: whoever computes the slots again gets the same
 * bytes.
 */
export interface Unit {
  readonly node: TreeNode;
  readonly start: number;
  readonly end: number;
  /** Who has been leased it; null: nobody. */
  owner: string | null;
  /** Of the lease. */
  generation: number;
  leasedAt: number;
  /** Parts taken, here or before the unit was split off. */
  readonly taken: Uint8Array;
  openParts: number;
  /** Workers whose parts were taken. */
  readonly contributors: string[];
}

/** The units of the slots [start, end), none of whose parts have come. */
export function unitsOf(numSlots: number, parts: number, start: number, end: number): Unit[] {
  return maximalSubtrees(numSlots, start, end).map((node) => ({
    node,
    ...spanOf(numSlots, node),
    owner: null,
    generation: 0,
    leasedAt: 0,
    taken: new Uint8Array(parts),
    openParts: parts,
    contributors: [],
  }));
}

export function unitKey(unit: Unit): string {
  return nodeKey(unit.node);
}

/**
 * The unit's two children, or itself if it is one slot. They have what it has: a part that came for the parent came
 * for both.
 */
export function split(numSlots: number, unit: Unit): Unit[] {
  const slots = unit.end - unit.start;
  if (slots === 1) return [unit];
  const middle = unit.start + 2 ** (Math.ceil(Math.log2(slots)) - 1);
  return [
    ...maximalSubtrees(numSlots, unit.start, middle),
    ...maximalSubtrees(numSlots, middle, unit.end),
  ].map((node) => ({
    ...unit,
    node,
    ...spanOf(numSlots, node),
    taken: unit.taken.slice(),
    contributors: [...unit.contributors],
  }));
}
