import { maximalSubtrees, nodeKey, spanOf, type TreeNode } from '@ddpm-fleet/core';
import type { SlotRun } from '@ddpm-fleet/protocol';

/** One subtree that this worker owes the coordinator. */
export interface LeasedNode {
  readonly node: TreeNode;
  /** Slots [start, end) under it. */
  readonly start: number;
  readonly end: number;
  /** Of the lease: what is sent for it carries this number. */
  readonly generation: number;
}

interface Lease extends SlotRun {
  readonly generation: number;
}

/**
 * The slots that this worker has been leased, by step. A run of slots is answered by its maximal subtrees; a node that
 * is done stays done until the step is forgotten.
 */
export class Leases {
  readonly #numSlots: number;
  readonly #steps = new Map<number, { leases: Lease[]; done: Set<string> }>();

  constructor(numSlots: number) {
    this.#numSlots = numSlots;
  }

  /** A slot that is leased anew belongs to the newer lease and is owed again. */
  add(generation: number, globalStep: number, runs: readonly SlotRun[]): void {
    const { leases, done } = this.#at(globalStep);
    for (const run of runs) {
      for (const node of maximalSubtrees(this.#numSlots, run.start, run.end)) done.delete(nodeKey(node));
    }
    const rest = leases.flatMap((lease) =>
      runs.reduce((parts, run) => parts.flatMap((part) => without(part, run)), [lease]),
    );
    this.#at(globalStep).leases = [...rest, ...runs.map(({ start, end }) => ({ start, end, generation }))];
  }

  /** @param runs none: all of the step */
  abort(globalStep: number, runs: readonly SlotRun[]): void {
    const step = this.#steps.get(globalStep);
    if (!step) return;
    if (runs.length === 0) step.leases = [];
    for (const run of runs) step.leases = step.leases.flatMap((lease) => without(lease, run));
  }

  /** What is owed at a step, in slot order. */
  owed(globalStep: number): LeasedNode[] {
    const step = this.#steps.get(globalStep);
    if (!step) return [];
    return step.leases
      .flatMap(({ start, end, generation }) =>
        maximalSubtrees(this.#numSlots, start, end).map((node) => ({
          node,
          ...spanOf(this.#numSlots, node),
          generation,
        })),
      )
      .filter(({ node }) => !step.done.has(nodeKey(node)))
      .sort((a, b) => a.start - b.start);
  }

  /** The lease of `node` as it stands now, or undefined when it is not owed (any more). */
  find(globalStep: number, node: TreeNode): LeasedNode | undefined {
    return this.owed(globalStep).find((owed) => nodeKey(owed.node) === nodeKey(node));
  }

  finish(globalStep: number, node: TreeNode): void {
    this.#at(globalStep).done.add(nodeKey(node));
  }

  forgetBefore(globalStep: number): void {
    for (const step of this.#steps.keys()) if (step < globalStep) this.#steps.delete(step);
  }

  clear(): void {
    this.#steps.clear();
  }

  #at(globalStep: number): { leases: Lease[]; done: Set<string> } {
    let step = this.#steps.get(globalStep);
    if (!step) this.#steps.set(globalStep, (step = { leases: [], done: new Set() }));
    return step;
  }
}

/** What is left of a lease when `run` is taken out: none, one or two parts. */
function without(lease: Lease, run: SlotRun): Lease[] {
  if (run.end <= lease.start || run.start >= lease.end) return [lease];
  return [
    ...(lease.start < run.start ? [{ ...lease, end: run.start }] : []),
    ...(run.end < lease.end ? [{ ...lease, start: run.end }] : []),
  ];
}
