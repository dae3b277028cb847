/** Who computed what. */
export interface WorkerShare {
  readonly worker: string;
  /** On the surviving line. */
  readonly steps: number;
  readonly slots: number;
  readonly images: number;
  /** Slots of steps that the run went back over. */
  readonly abandonedSlots: number;
  /** Slots of which it sent a part before another worker finished them. */
  readonly partSlots: number;
  readonly joined: number;
  readonly left: number;
}

type Runs = readonly (readonly [start: number, end: number, worker: string])[];

interface Counts {
  steps: number;
  slots: number;
  abandonedSlots: number;
  partSlots: number;
  joined: number;
  left: number;
}

/** Adds up what each worker did, and takes back what the run goes back over. */
export class WorkerTally {
  readonly #slotBatchSize: number;
  readonly #workers = new Map<string, Counts>();
  /** Slots of each worker in each step of the line that survives so far. */
  readonly #steps: Map<string, number>[] = [];

  constructor(slotBatchSize: number) {
    this.#slotBatchSize = slotBatchSize;
  }

  join(worker: string): void {
    this.#of(worker).joined++;
  }

  leave(worker: string): void {
    this.#of(worker).left++;
  }

  addStep(globalStep: number, slots: Runs, also: Runs): void {
    const shares = new Map<string, number>();
    for (const [start, end, worker] of slots) shares.set(worker, (shares.get(worker) ?? 0) + end - start);
    for (const [start, end, worker] of also) this.#of(worker).partSlots += end - start;
    for (const [worker, count] of shares) {
      const counts = this.#of(worker);
      counts.steps++;
      counts.slots += count;
    }
    this.#steps[globalStep] = shares;
  }

  rewind(globalStep: number): void {
    for (const shares of this.#steps.splice(globalStep)) {
      for (const [worker, count] of shares ?? []) {
        const counts = this.#of(worker);
        counts.steps--;
        counts.slots -= count;
        counts.abandonedSlots += count;
      }
    }
  }

  shares(): WorkerShare[] {
    return [...this.#workers]
      .map(([worker, counts]) => ({ worker, ...counts, images: counts.slots * this.#slotBatchSize }))
      .toSorted((a, b) => a.worker.localeCompare(b.worker, 'en', { numeric: true }));
  }

  #of(worker: string): Counts {
    let counts = this.#workers.get(worker);
    if (!counts) {
      counts = { steps: 0, slots: 0, abandonedSlots: 0, partSlots: 0, joined: 0, left: 0 };
      this.#workers.set(worker, counts);
    }
    return counts;
  }
}
