import { runPaths } from '@ddpm-fleet/config';
import { followRun, Measures, newestTimes } from '@ddpm-fleet/telemetry';
import type { RunOutcome } from '../machine/index.js';
import type { CoordinatorObserver, CoordinatorOptions } from '../options.js';
import { GoodputMeter } from './goodputMeter.js';

/** Measures a run, and keeps what people watch level with it. */
export class RunWatch {
  readonly #options: CoordinatorOptions;
  readonly #meter: GoodputMeter;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const { measures } = runPaths(options.runDir);
    this.#meter = new GoodputMeter(new Measures(measures), () => new Date(), newestTimes(measures));
  }

  get observer(): CoordinatorObserver {
    return this.#meter;
  }

  /** Until the run has ended and all is written. */
  async follow(outcome: Promise<RunOutcome>): Promise<RunOutcome> {
    const { runDir, log } = this.#options;
    const following = followRun({
      runDir,
      onProblem: (problem) =>
        problem === null
          ? log.info('what people watch is written')
          : log.warn({ problem }, 'what people watch cannot be written; the run goes on'),
    });
    const ended = await outcome;
    this.#meter.close();
    await following.close();
    return ended;
  }
}
