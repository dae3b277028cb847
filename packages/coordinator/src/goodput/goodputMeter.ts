import type { Measures, TimesEvent } from '@ddpm-fleet/telemetry';
import type { Event, State } from '../machine/index.js';
import type { CoordinatorObserver } from '../options.js';
import { Attribution } from './attribution.js';

/** Between two lines; longer for large fleets, whose lines are. */
const EVERY_MS = 5000;
const WORKERS_A_LINE = 16;

/** Writes down where the time of the workers goes, now and then and at the end. */
export class GoodputMeter implements CoordinatorObserver {
  readonly #measures: Measures;
  readonly #date: () => Date;
  readonly #before: TimesEvent | undefined;
  #attribution: Attribution | undefined;
  #last = { now: 0, globalStep: 0 };
  #dueAt = 0;
  #written = '';

  /** @param before what an earlier life wrote last */
  constructor(measures: Measures, date: () => Date, before: TimesEvent | undefined) {
    this.#measures = measures;
    this.#date = date;
    this.#before = before;
  }

  onTurn(state: State, event: Event): void {
    const { now, globalStep, peers } = state;
    this.#attribution ??= new Attribution(now, this.#counted());
    this.#attribution.observe(state, event);
    this.#last = { now, globalStep };
    if (now < this.#dueAt) return;
    if (this.#dueAt > 0) this.#write();
    this.#dueAt = now + EVERY_MS * Math.max(1, peers.size / WORKERS_A_LINE);
  }

  close(): void {
    this.#write();
    this.#measures.close();
  }

  #counted(): ConstructorParameters<typeof Attribution>[1] {
    const before = this.#before;
    return before && { ...before, agoMs: Math.max(0, this.#date().getTime() - Date.parse(before.at)) };
  }

  #write(): void {
    if (!this.#attribution) return;
    const { now, globalStep } = this.#last;
    const workers = this.#attribution.workers(now);
    const text = JSON.stringify(workers);
    // Nobody was there.
    if (text === this.#written) return;
    this.#written = text;
    this.#measures.append({ kind: 'times', at: this.#date().toISOString(), globalStep, workers });
  }
}
