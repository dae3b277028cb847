import assert from 'node:assert/strict';
import type { MessageOf, SlotRun } from '@ddpm-fleet/protocol';
import type { LeasedNode } from '@ddpm-fleet/worker/parts';

/** The slots that a worker is leased and has not answered, one by one. */
export class LeaseAccount {
  /** Generation of each slot's lease, by step. */
  readonly #steps = new Map<number, Map<number, number>>();

  add({ generation, globalStep, runs }: MessageOf<'STEP_BEGIN'>): void {
    const slots = this.#steps.get(globalStep) ?? new Map<number, number>();
    this.#steps.set(globalStep, slots);
    for (const slot of slotsOf(runs)) slots.set(slot, generation);
  }

  abort({ globalStep, runs }: MessageOf<'STEP_ABORT'>): void {
    if (runs.length === 0) this.#steps.delete(globalStep);
    for (const slot of slotsOf(runs)) this.#steps.get(globalStep)?.delete(slot);
  }

  check(globalStep: number, start: number, end: number, generation?: number): void {
    for (const slot of slotsOf([{ start, end }])) {
      const leased = this.#steps.get(globalStep)?.get(slot);
      assert.ok(leased !== undefined, `slot ${slot} of step ${globalStep} is not leased`);
      if (generation !== undefined) assert.equal(leased, generation, `slot ${slot} is leased anew`);
    }
  }

  answer(globalStep: number, { start, end, generation }: LeasedNode): void {
    this.check(globalStep, start, end, generation);
    for (const slot of slotsOf([{ start, end }])) this.#steps.get(globalStep)!.delete(slot);
  }

  clear(): void {
    this.#steps.clear();
  }
}

interface Sum {
  /** Generation under which each part came last; what is older than `floor` is void. */
  readonly parts: Map<number | 'images', number>;
  floor: number;
  commit?: MessageOf<'STEP_COMMIT'>;
}

interface Dated {
  readonly generation: number;
  readonly globalStep: number;
}

/** What has come of each step's root and commit, and still counts. */
export class RootAccount {
  readonly #buckets: number;
  readonly #sums = new Map<number, Sum>();
  #floor = 0;
  #fromStep = 0;

  constructor(buckets: number) {
    this.#buckets = buckets;
  }

  restart(generation: number, fromStep: number): void {
    this.#floor = generation;
    this.#fromStep = fromStep;
    for (const globalStep of this.#sums.keys()) this.#void(globalStep, generation);
  }

  /** All that came under this generation, or an older one, is void. */
  abandon({ generation, globalStep }: Dated): void {
    this.#void(globalStep, generation + 1);
  }

  part(dated: Dated, part: number | 'images'): void {
    this.#sumOf(dated)?.parts.set(part, dated.generation);
  }

  commit(commit: MessageOf<'STEP_COMMIT'>): void {
    const sum = this.#sumOf(commit);
    if (sum) sum.commit = commit;
  }

  isCommitted(globalStep: number): boolean {
    return this.#sums.get(globalStep)?.commit !== undefined;
  }

  isWhole(globalStep: number): boolean {
    const { commit, parts } = this.#sums.get(globalStep) ?? {};
    return commit !== undefined && (commit.skipped || parts!.size === this.#buckets + 1);
  }

  take(globalStep: number, hasRoot: boolean): void {
    assert.ok(this.isCommitted(globalStep), `step ${globalStep} is applied and not committed`);
    assert.ok(this.isWhole(globalStep), `step ${globalStep} is applied with parts that do not count`);
    assert.equal(hasRoot, !this.#sums.get(globalStep)!.commit!.skipped, 'a skipped step changes nothing');
    for (const step of this.#sums.keys()) if (step <= globalStep) this.#sums.delete(step);
    this.#fromStep = globalStep + 1;
  }

  #sumOf({ generation, globalStep }: Dated): Sum | undefined {
    const sum = this.#at(globalStep);
    if (globalStep < this.#fromStep || generation < this.#floor || generation < sum.floor) return undefined;
    return sum;
  }

  #at(globalStep: number): Sum {
    const sum = this.#sums.get(globalStep) ?? { parts: new Map<number | 'images', number>(), floor: 0 };
    this.#sums.set(globalStep, sum);
    return sum;
  }

  #void(globalStep: number, floor: number): void {
    const sum = this.#at(globalStep);
    sum.floor = Math.max(sum.floor, floor);
    for (const [part, generation] of sum.parts) if (generation < floor) sum.parts.delete(part);
    if (sum.commit && sum.commit.generation < floor) delete sum.commit;
  }
}

function* slotsOf(runs: readonly SlotRun[]): Generator<number> {
  for (const { start, end } of runs) for (let slot = start; slot < end; slot++) yield slot;
}
