import type { StepMetrics } from '../machine/index.js';

/** Steps over which speed and loss are averaged. */
const WINDOW = 32;

export interface Progress {
  readonly imagesPerSecond?: number;
  /** Mean over the newest steps. */
  readonly loss?: number;
  readonly etaSeconds?: number;
}

/** How fast it goes and when it will be done, from the newest commits. */
export class ProgressMeter {
  readonly #imagesPerStep: number;
  readonly #steps: number;
  #recent: { at: number; globalStep: number; loss: number }[] = [];

  constructor(imagesPerStep: number, steps: number) {
    this.#imagesPerStep = imagesPerStep;
    this.#steps = steps;
  }

  /** @param at milliseconds */
  add(at: number, { globalStep, loss }: StepMetrics): void {
    // After a rewind old times say nothing.
    if ((this.#recent.at(-1)?.globalStep ?? 0) >= globalStep) this.#recent = [];
    this.#recent.push({ at, globalStep, loss });
    if (this.#recent.length > WINDOW) this.#recent.shift();
  }

  now(): Progress {
    const first = this.#recent[0];
    const last = this.#recent.at(-1);
    if (!first || !last) return {};
    const losses = this.#recent.map(({ loss }) => loss).filter(Number.isFinite);
    const loss = losses.length > 0 ? { loss: losses.reduce((sum, one) => sum + one, 0) / losses.length } : {};
    const seconds = (last.at - first.at) / 1000;
    if (seconds <= 0) return loss;
    const stepsPerSecond = (last.globalStep - first.globalStep) / seconds;
    return {
      ...loss,
      imagesPerSecond: stepsPerSecond * this.#imagesPerStep,
      etaSeconds: (this.#steps - last.globalStep) / stepsPerSecond,
    };
  }
}
