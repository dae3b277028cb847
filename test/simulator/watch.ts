import type { Simulation } from './simulation.js';

/** Longest that a fleet nobody disturbs may take for a step, with all that comes between steps. */
const LIMIT_MS = 40_000;

/** Holds a fleet to its progress: while nothing is done to it and enough workers live, steps are committed. */
export class Watch {
  readonly #simulation: Simulation;
  readonly #isDisturbed: () => boolean;
  #commits = 0;
  #broken = 0;
  #since = 0;
  #eventsSeen = 0;

  constructor(simulation: Simulation, isDisturbed: () => boolean) {
    this.#simulation = simulation;
    this.#isDisturbed = isDisturbed;
  }

  /** @throws Error when nothing was committed for too long */
  look(): void {
    const { clock, invariants, network, events, workers, settings } = this.#simulation;
    if (events === this.#eventsSeen) return;
    this.#eventsSeen = events;
    invariants.checks['progress while enough workers live']++;
    const { broken } = network.counts;
    const advanced = invariants.commits !== this.#commits;
    if (advanced || broken !== this.#broken || workers.size < settings.minWorkers || this.#isDisturbed()) {
      this.#since = clock.now;
      this.#commits = invariants.commits;
      this.#broken = broken;
    }
    const idleMs = clock.now - this.#since;
    if (idleMs > LIMIT_MS) throw new Error(`nothing was committed for ${(idleMs / 1000).toFixed(0)} s`);
  }
}
