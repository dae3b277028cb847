import { maximalSubtrees } from '@ddpm-fleet/core';

/**
 * How many of `slots` each worker gets so that the slowest is done as early as possible.
 * @param costs milliseconds a slot of each worker, all positive
 */
export function apportion(slots: number, costs: readonly number[]): number[] {
  const sizes = costs.map(() => 0);
  if (costs.length === 0) return sizes;
  // A binary heap of workers: the one that would be done first with one slot more is on top.
  const heap = costs.map((_, i) => i);
  const done = costs.slice();
  const isFirst = (a: number, b: number): boolean => done[a]! < done[b]! || (done[a] === done[b] && a < b);
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap, at, isFirst);
  for (let slot = 0; slot < slots; slot++) {
    const worker = heap[0]!;
    sizes[worker]!++;
    done[worker] = (sizes[worker]! + 1) * costs[worker]!;
    sink(heap, 0, isFirst);
  }
  return sizes;
}

/** Puts the element at `at` below all that are before it. */
function sink(heap: number[], at: number, isFirst: (a: number, b: number) => boolean): void {
  for (let parent = at; ;) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && isFirst(heap[right]!, heap[left]!) ? right : left;
    if (!isFirst(heap[child]!, heap[parent]!)) return;
    [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
    parent = child;
  }
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
  // From the last to the first, so that the first one is taken off the end.
  for (let i = sizes.length - 1; i >= 0; i--) {
    const size = sizes[i]!;
    if (size > 0 && !bySize.get(size)?.push(i)) bySize.set(size, [i]);
  }
  for (let at = 0; bySize.size > 0;) {
    const size = bestSize(numSlots, at, [...bySize.keys()]);
    const worker = bySize.get(size)!.pop()!;
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
