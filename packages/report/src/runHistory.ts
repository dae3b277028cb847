import { readFileSync } from 'node:fs';
import { loadConfig, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { addParts, eventsOf, type EventOf, type Parts, type RunEvent } from '@ddpm-fleet/telemetry';

/** What stands after every going back, and what happened on the way. Times are milliseconds since 1970. */
export interface RunHistory {
  readonly dir: string;
  readonly config: RunConfig;
  readonly record: RunRecord;
  /** By step; null where it was not finite. */
  readonly loss: Map<number, number | null>;
  readonly gradNorm: Map<number, number | null>;
  readonly heldOut: Map<number, number | null>;
  /** Mean loss by tenth of t over the newest steps. */
  lossByT: readonly number[];
  /** The time of all workers until each moment. */
  readonly times: { readonly at: number; readonly parts: Parts }[];
  /** When each worker was in the fleet; until: not yet known to have left. */
  readonly spells: { readonly worker: string; readonly from: number; until: number | null; reason: string }[];
  readonly rewinds: readonly EventOf<'rewind'>[];
  readonly starts: readonly EventOf<'start'>[];
  readonly checkpoints: readonly EventOf<'checkpoint'>[];
  readonly failedSaves: readonly EventOf<'checkpointFailed'>[];
  readonly damaged: readonly string[];
  committed: number;
  end: EventOf<'end'> | undefined;
  began: number;
  newest: number;
}

/** Steps over which the loss by t is averaged. */
const NEWEST_STEPS = 100;

/** Reads a run, live or not. @throws DDPM_ERR_CONFIG_* for a config that was edited wrongly */
export function readHistory(dir: string): RunHistory {
  const paths = runPaths(dir);
  const config = loadConfig({ file: paths.config, env: {} });
  const record = JSON.parse(readFileSync(paths.record, 'utf8')) as RunRecord;
  const reader = new HistoryReader(dir, config, record);
  for (const event of eventsOf(dir)) reader.take(event);
  return reader.finish();
}

class HistoryReader {
  readonly #history: RunHistory;
  readonly #rewinds: EventOf<'rewind'>[] = [];
  readonly #starts: EventOf<'start'>[] = [];
  readonly #checkpoints: EventOf<'checkpoint'>[] = [];
  readonly #failedSaves: EventOf<'checkpointFailed'>[] = [];
  readonly #damaged: string[] = [];
  #bins: EventOf<'step'>['bins'][] = [];

  constructor(dir: string, config: RunConfig, record: RunRecord) {
    const began = Date.parse(record.createdAt);
    this.#history = {
      ...{ dir, config, record, loss: new Map(), gradNorm: new Map(), heldOut: new Map(), lossByT: [] },
      ...{ times: [], spells: [], rewinds: this.#rewinds, starts: this.#starts, damaged: this.#damaged },
      ...{ checkpoints: this.#checkpoints, failedSaves: this.#failedSaves, committed: 0, end: undefined },
      ...{ began, newest: Number.isFinite(began) ? began : 0 },
    };
  }

  take(event: RunEvent): void {
    const history = this.#history;
    const at = Date.parse(event.at);
    history.newest = Math.max(history.newest, at);
    if (event.kind === 'step') this.#onStep(event);
    else if (event.kind === 'heldOut' && event.weights === 'raw')
      history.heldOut.set(event.globalStep, event.loss);
    else if (event.kind === 'times')
      history.times.push({ at, parts: addParts(Object.values(event.workers)) });
    else if (event.kind === 'rewind') this.#onRewind(event);
    else if (event.kind === 'checkpoint') this.#checkpoints.push(event);
    else if (event.kind === 'checkpointFailed') this.#failedSaves.push(event);
    else if (event.kind === 'fingerprint') this.#damaged.push(...event.differing);
    else if (event.kind === 'end') this.#onEnd(event, at);
    else this.#onMembership(event, at);
  }

  finish(): RunHistory {
    const tenths = this.#bins.at(-1)?.length ?? 0;
    this.#history.lossByT = Array.from({ length: tenths }, (_, i) => {
      const [count, sum] = this.#bins.reduce(
        ([images, losses], bins) => [images + bins[i]![0], losses + (bins[i]![1] ?? NaN)],
        [0, 0],
      );
      return count === 0 ? 0 : sum / count;
    });
    return this.#history;
  }

  #onStep({ globalStep, loss, gradNorm, bins }: EventOf<'step'>): void {
    this.#history.committed++;
    this.#history.end = undefined;
    this.#history.loss.set(globalStep, loss);
    this.#history.gradNorm.set(globalStep, gradNorm);
    this.#bins.push(bins);
    if (this.#bins.length > NEWEST_STEPS) this.#bins.shift();
  }

  #onRewind(event: EventOf<'rewind'>): void {
    this.#rewinds.push(event);
    for (const series of [this.#history.loss, this.#history.gradNorm])
      for (const step of series.keys()) if (step >= event.globalStep) series.delete(step);
    for (const step of this.#history.heldOut.keys())
      if (step > event.globalStep) this.#history.heldOut.delete(step);
  }

  #onMembership(event: RunEvent, at: number): void {
    const { spells } = this.#history;
    if (event.kind === 'joined') spells.push({ worker: event.worker, from: at, until: null, reason: '' });
    if (event.kind === 'left') this.#leave(at, event.reason, event.worker);
    if (event.kind !== 'start') return;
    this.#starts.push(event);
    // The life before ended without a word.
    if (this.#starts.length > 1) this.#leave(at, 'the coordinator was gone');
  }

  #onEnd(event: EventOf<'end'>, at: number): void {
    this.#history.end = event;
    this.#leave(at, event.reason);
  }

  #leave(at: number, reason: string, worker?: string): void {
    for (const spell of this.#history.spells)
      if (spell.until === null && (worker === undefined || spell.worker === worker))
        Object.assign(spell, { until: at, reason });
  }
}
