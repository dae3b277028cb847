import { FleetError, mapState, type TrainState } from '@ddpm-fleet/core';
import type { AverageType } from './averages/dtype.js';
import { JobThread } from './jobThread.js';
import type { Ticket } from './medium.js';
import { openStore, type StoreOptions } from './openStore.js';
import type { RetentionPolicy } from './retention.js';
import type { Ownership, PendingSave, Saved, Saver } from './saver.js';
import type { Answer, Task } from './saverJob.js';
import { buffersOf, type Snapshot } from './state.js';
import type { WrittenShare } from './store.js';
import { writeError } from './writeError.js';

export interface SaverOptions {
  /** Prune by this after each publish. */
  readonly retention?: RetentionPolicy;
  readonly store?: StoreOptions;
}

/**
 * Saves beside training: the caller waits for one copy of the state, and a thread hashes, writes and prunes. One
 * save at a time: the next one waits for the one before, so at most one copy is held.
 */
export class AsyncSaver implements Saver {
  readonly #location: string;
  readonly #options: SaverOptions;
  readonly #thread: JobThread;
  /** The memory of the last copy, while no save holds it. */
  #spare: TrainState | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #inFlight = 0;

  /** @param location as `openStore` takes it @throws as `openStore` */
  constructor(location: string, options: SaverOptions = {}) {
    this.#location = location;
    // Said here rather than by the thread: a place that cannot be one is the caller's mistake.
    openStore(location, options.store);
    this.#thread = new JobThread({ location, options: options.store ?? {} });
    this.#options = options;
  }

  /** Whether `save` would have to wait. */
  get busy(): boolean {
    return this.#inFlight > 0;
  }

  async save(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<PendingSave<Saved>> {
    return this.#begin({ kind: 'publish', retention: this.#options.retention }, snapshot, ownership);
  }

  async saveShare(
    ticket: Ticket,
    share: number,
    snapshot: Snapshot,
    ownership: Ownership = 'copy',
  ): Promise<PendingSave<WrittenShare>> {
    return this.#begin({ kind: 'share', ticket, share }, snapshot, ownership);
  }

  async publishShares(ticket: Ticket, written: readonly WrittenShare[]): Promise<Saved> {
    const { retention } = this.#options;
    const { done } = await this.#inTurn<Saved>(() => {
      const pending = this.#thread.run({ kind: 'publishShares', ticket, written, retention })!;
      return this.#pending(pending, ticket.globalStep);
    });
    return done;
  }

  async saveAverages(
    snapshot: Snapshot,
    type: AverageType,
    ownership: Ownership = 'copy',
  ): Promise<{ sizeBytes: number }> {
    const pending = await this.#begin<{ sizeBytes: number }>({ kind: 'averages', type }, snapshot, ownership);
    return pending.done;
  }

  async saveNow(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<Saved> {
    return (await this.save(snapshot, ownership)).done;
  }

  /** Waits for the save that is on its way, and ends the thread. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#thread.end();
    this.#spare = undefined;
  }

  #begin<T>(task: Task, snapshot: Snapshot, ownership: Ownership): Promise<PendingSave<T>> {
    return this.#inTurn(() => this.#send<T>(task, snapshot, ownership));
  }

  async #inTurn<T>(send: () => PendingSave<T>): Promise<PendingSave<T>> {
    this.#inFlight++;
    const started = this.#turn.then(send);
    const over = (): void => void this.#inFlight--;
    this.#turn = started.then(({ done }) => done).then(over, over);
    return started;
  }

  #send<T>(task: Task, snapshot: Snapshot, ownership: Ownership): PendingSave<T> {
    const { globalStep } = snapshot.state;
    const given = ownership === 'give' ? this.#thread.run({ ...task, snapshot, giveBack: false }) : undefined;
    return this.#pending(given ?? this.#sendCopy(task, snapshot), globalStep);
  }

  #pending<T>(answer: Promise<Answer>, globalStep: number): PendingSave<T> {
    const done = this.#outcome<T>(answer, globalStep);
    // Nobody need listen: the turn does, and a rejection without a listener would end the process.
    done.catch(() => {});
    return { globalStep, done };
  }

  #sendCopy(task: Task, snapshot: Snapshot): Promise<Answer> {
    const copy = { ...snapshot, state: copied(snapshot.state, this.#spare) };
    this.#spare = undefined;
    return this.#thread.run({ ...task, snapshot: copy, giveBack: true })!;
  }

  async #outcome<T>(pending: Promise<Answer>, globalStep: number): Promise<T> {
    const answer = await pending;
    this.#spare = answer.state ?? this.#spare;
    if ('value' in answer) return answer.value as T;
    const { code, message } = answer.error;
    const error = code === undefined ? new Error(message) : new FleetError(code, message);
    throw writeError(globalStep, this.#location, error);
  }
}

/** The one copy: into `spare` where that has the same shape, because fresh memory takes ten times as long to fill. */
function copied(state: TrainState, spare: TrainState | undefined): TrainState {
  const spares = spare && sameShape(spare, state) ? buffersOf(spare) : [];
  let at = 0;
  return mapState(state, ({ values }) => {
    const target = spares[at++];
    if (!target) return values.slice();
    target.set(values);
    return target;
  });
}

function sameShape(a: TrainState, b: TrainState): boolean {
  const lengths = (state: TrainState): string =>
    buffersOf(state)
      .map(({ length }) => length)
      .join();
  return lengths(a) === lengths(b);
}
