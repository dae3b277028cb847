import { slotPosition, type BatchShape, type Prefetch } from '@ddpm-fleet/data';
import type { ComputeThread } from './compute/computeThread.js';
import type { SlotsResult } from './compute/session.js';
import type { LeasedNode, Leases } from './machine/leases.js';
import type { ReplicaEvents } from './replicaEvents.js';

interface Parts {
  readonly compute: ComputeThread;
  readonly prefetch: Prefetch;
  readonly leases: Leases;
  readonly shape: BatchShape;
  /** Whether anybody still waits for slots of this step. */
  readonly isWanted: (globalStep: number) => boolean;
  readonly onPartial: ReplicaEvents['onPartial'];
  /** Milliseconds that the compute thread took. */
  readonly onTime: (computeMs: number) => void;
}

/** Computes the leased slots of a step: images in, the sum of each subtree out. */
export class SlotWork {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Every subtree is handed over before the first is done, so that the compute thread never waits for this one; each
   * sum goes out while the next one is computed. What was called off and is still owed is left for another call.
   */
  async compute(globalStep: number): Promise<void> {
    const { leases, prefetch } = this.#parts;
    const nodes = leases.owed(globalStep);
    const answers: Promise<void>[] = [];
    for (const leased of nodes) {
      const batch = await prefetch.take(...this.#range(globalStep, leased));
      if (!this.#isOwed(globalStep, leased)) continue;
      const { start, end } = leased;
      const { position, images, labels } = batch;
      const run = { globalStep, start, end, position, images, ...(labels && { labels }) };
      const answer = this.#parts.compute
        .runSlots(run)
        .then((result) => this.#answer(globalStep, leased, result));
      // Awaited below; until then a failure must not count as unhandled.
      answer.catch(() => undefined);
      answers.push(answer);
    }
    this.#expectNext(globalStep, nodes);
    await Promise.all(answers);
  }

  /** A worker is mostly leased the same slots again, and a position says what it shows. */
  #expectNext(globalStep: number, nodes: readonly LeasedNode[]): void {
    const { prefetch, shape } = this.#parts;
    prefetch.forgetBefore(slotPosition(shape, globalStep + 1, 0));
    for (const leased of nodes) prefetch.expect(...this.#range(globalStep + 1, leased));
  }

  #range(globalStep: number, { start, end }: LeasedNode): [position: bigint, count: number] {
    const { shape } = this.#parts;
    return [slotPosition(shape, globalStep, start), (end - start) * shape.slotBatchSize];
  }

  #isOwed(globalStep: number, { node }: LeasedNode): boolean {
    return this.#parts.isWanted(globalStep) && this.#parts.leases.find(globalStep, node) !== undefined;
  }

  #answer(globalStep: number, { node }: LeasedNode, result: SlotsResult): void {
    const { leases, onTime, onPartial } = this.#parts;
    onTime(result.computeMs);
    const leased = leases.find(globalStep, node);
    if (!result.partials || !leased) return;
    leases.finish(globalStep, node);
    onPartial(globalStep, leased, result.partials[0]!, result);
  }
}
