/** Milliseconds that it takes to make the run exact and unkillable, by what they are spent on. */
export interface Costs {
  /** Leases, membership, commits: the machine. */
  readonly machineMs: number;
  readonly journalMs: number;
  /** Hashes of the sums; in the reducer's thread. */
  readonly digestMs: number;
}

/** Adds costs up from one line of the log to the next. */
export class CostMeter {
  #machineMs = 0;
  #journalMs = 0;
  #digestMs = 0;

  machine<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    this.#machineMs += performance.now() - began;
    return result;
  }

  journal<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    this.#journalMs += performance.now() - began;
    return result;
  }

  addDigest(ms: number): void {
    this.#digestMs += ms;
  }

  /** What came together since it was asked last. */
  take(): Costs {
    const [machineMs, journalMs, digestMs] = [this.#machineMs, this.#journalMs, this.#digestMs].map(rounded);
    this.#machineMs = this.#journalMs = this.#digestMs = 0;
    return { machineMs: machineMs!, journalMs: journalMs!, digestMs: digestMs! };
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
