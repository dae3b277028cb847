/** Where the time of a step went. Milliseconds. */
export interface StepTimes {
  /** Between two applied steps. */
  readonly stepMs: number;
  readonly slotsMs: number;
  readonly applyMs: number;
  /** Comparing with the other replicas. */
  readonly fingerprintMs: number;
}

/** Adds up what the compute thread says about its own time. */
export class StepClock {
  #lapAt = performance.now();
  #slotsMs = 0;
  #applyMs = 0;
  #fingerprintMs = 0;

  addSlots(ms: number): void {
    this.#slotsMs += ms;
  }

  addApply(ms: number): void {
    this.#applyMs += ms;
  }

  addFingerprint(ms: number): void {
    this.#fingerprintMs += ms;
  }

  lap(): StepTimes {
    const now = performance.now();
    const times = {
      stepMs: now - this.#lapAt,
      slotsMs: this.#slotsMs,
      applyMs: this.#applyMs,
      fingerprintMs: this.#fingerprintMs,
    };
    this.#lapAt = now;
    this.#slotsMs = 0;
    this.#applyMs = 0;
    this.#fingerprintMs = 0;
    return times;
  }
}
