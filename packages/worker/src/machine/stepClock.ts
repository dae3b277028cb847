/** Where the time of a step went. Milliseconds, to a tenth. */
export interface StepTimes {
  /** Between two applied steps. */
  readonly stepMs: number;
  readonly slotsMs: number;
  readonly applyMs: number;
  /** Comparing with the other replicas. */
  readonly fingerprintMs: number;
}

/** Adds up what the device says about its own time. */
export class StepClock {
  #lapAt: number;
  #slotsMs = 0;
  #applyMs = 0;
  #fingerprintMs = 0;

  constructor(now: number) {
    this.#lapAt = now;
  }

  addSlots(ms: number): void {
    this.#slotsMs += ms;
  }

  addApply(ms: number): void {
    this.#applyMs += ms;
  }

  addFingerprint(ms: number): void {
    this.#fingerprintMs += ms;
  }

  lap(now: number): StepTimes {
    const times = {
      stepMs: rounded(now - this.#lapAt),
      slotsMs: rounded(this.#slotsMs),
      applyMs: rounded(this.#applyMs),
      fingerprintMs: rounded(this.#fingerprintMs),
    };
    this.#lapAt = now;
    this.#slotsMs = this.#applyMs = this.#fingerprintMs = 0;
    return times;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
