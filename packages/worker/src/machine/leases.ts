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

interface LeasedStep {
  leases: Lease[];
  readonly done: Set<string>;
  /** What follows from both, once somebody has asked: they change far less often than they are looked at. */
  owed: LeasedNode[] | undefined;
}

/**
 * The slots that this worker has been leased, by step. A range of slots is answered by its maximal subtrees; a node that
 * is done stays done until the step is forgotten.
 */
export class Leases {
  readonly #numSlots: number;
  readonly #steps = new Map<number, LeasedStep>();

  constructor(numSlots: number) {
    this.#numSlots = numSlots;
  }

  /** A slot that is leased anew belongs to the newer lease and is owed again. */
  add(generation: number, globalStep: number, ranges: readonly SlotRun[]): void {
    const step = this.#at(globalStep);
    const { leases, done } = step;
    for (const range of ranges) {
      for (const node of maximalSubtrees(this.#numSlots, range.start, range.end)) done.delete(nodeKey(node));
    }
    const rest = leases.flatMap((lease) =>
      ranges.reduce((parts, range) => parts.flatMap((part) => without(part, range)), [lease]),
    );
    step.leases = [...rest, ...ranges.map(({ start, end }) => ({ start, end, generation }))];
    step.owed = undefined;
  }

  /** @param ranges none: all of the step */
  abort(globalStep: number, ranges: readonly SlotRun[]): void {
    const step = this.#steps.get(globalStep);
    if (!step) return;
    if (ranges.length === 0) step.leases = [];
    for (const range of ranges) step.leases = step.leases.flatMap((lease) => without(lease, range));
    step.owed = undefined;
  }

  /** What is owed at a step, in slot order. */
  owed(globalStep: number): readonly LeasedNode[] {
    const step = this.#steps.get(globalStep);
    return step ? (step.owed ??= this.#owedAt(step)) : [];
  }

  #owedAt(step: LeasedStep): LeasedNode[] {
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
    const step = this.#at(globalStep);
    step.done.add(nodeKey(node));
    step.owed = undefined;
  }

  forgetBefore(globalStep: number): void {
    for (const step of this.#steps.keys()) if (step < globalStep) this.#steps.delete(step);
  }

  clear(): void {
    this.#steps.clear();
  }

  #at(globalStep: number): LeasedStep {
    let step = this.#steps.get(globalStep);
    if (!step) this.#steps.set(globalStep, (step = { leases: [], done: new Set(), owed: undefined }));
    return step;
  }
}

/** What is left of a lease when `range` is taken out: none, one or two parts. */
function without(lease: Lease, range: SlotRun): Lease[] {
  if (range.end <= lease.start || range.start >= lease.end) return [lease];
  return [
    ...(lease.start < range.start ? [{ ...lease, end: range.start }] : []),
    ...(range.end < lease.end ? [{ ...lease, start: range.end }] : []),
  ];
}
