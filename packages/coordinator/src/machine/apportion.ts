import { maximalSubtrees } from '@ddpm-fleet/core';

/**
 * How many of `slots` each worker gets so that the slowest is done as early as possible.
 * @param costs milliseconds a slot of each worker, all positive
 */
export function apportion(slots: number, costs: readonly number[]): number[] {
  const sizes = costs.map(() => 0);
  if (costs.length === 0) return sizes;
  for (let slot = 0; slot < slots; slot++) {
    let best = 0;
    for (let i = 1; i < costs.length; i++) {
      if ((sizes[i]! + 1) * costs[i]! < (sizes[best]! + 1) * costs[best]!) best = i;
    }
    sizes[best]!++;
  }
  return sizes;
}

/** When the slowest is done. */
export function makespan(sizes: readonly number[], costs: readonly number[]): number {
  return sizes.reduce((longest, size, i) => Math.max(longest, size * costs[i]!), 0);
}

/**
 * Lays runs of these sizes end to end over the slots, in an order that makes few subtrees of them, since each
 * subtree's sum is sent apart. Returns the run of each worker; a size of 0 gives an empty one.
 */
export function layRuns(numSlots: number, sizes: readonly number[]): { start: number; end: number }[] {
  const runs = sizes.map(() => ({ start: 0, end: 0 }));
  const bySize = new Map<number, number[]>();
  for (const [i, size] of sizes.entries()) if (size > 0) bySize.set(size, [...(bySize.get(size) ?? []), i]);
  for (let at = 0; bySize.size > 0;) {
    const size = bestSize(numSlots, at, [...bySize.keys()]);
    const worker = bySize.get(size)!.shift()!;
    if (bySize.get(size)!.length === 0) bySize.delete(size);
    runs[worker] = { start: at, end: at + size };
    at += size;
  }
  return runs;
}

/** The size that makes the fewest subtrees at this slot; of equal ones the largest. */
function bestSize(numSlots: number, at: number, sizes: number[]): number {
  const trees = (size: number) => maximalSubtrees(numSlots, at, at + size).length;
  return sizes.reduce((best, size) => {
    const fewer = trees(size) - trees(best);
    return fewer < 0 || (fewer === 0 && size > best) ? size : best;
  });
}
