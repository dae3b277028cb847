import { writeError } from './writeError.js';
import { JobThread } from './jobThread.js';
import type { Ticket } from './medium.js';
import { openStore, type StoreOptions } from './openStore.js';
import type { RetentionPolicy } from './retention.js';
import type { Job } from './saverThread.js';
import { buffersOf, emptyLike, type Snapshot, type TrainState } from './state.js';
import type { Published, WrittenShare } from './store.js';

export interface SaverOptions {
  /** Prune by this after each publish. */
  readonly retention?: RetentionPolicy;
  readonly store?: StoreOptions;
}

export interface Saved extends Published {
  /** Checkpoints that retention removed. */
  readonly pruned: readonly string[];
  /** Why retention removed nothing; the checkpoint itself is published. */
  readonly pruneProblem?: string;
}

/** A save that has its own copy of the state and goes on beside training. */
export interface PendingSave<T> {
  readonly globalStep: number;
  /** Rejects with a FleetError; may be left alone, or be awaited at any time. */
  readonly done: Promise<T>;
}

/**
 * `copy`: the state is copied and the caller's buffers stay the caller's. `give`: the caller's buffers are taken
 * (moved; those on a SharedArrayBuffer are used as they are until `done`), for a state that was just read out of
 * the device and that nobody else holds.
 */
export type Ownership = 'copy' | 'give';

/**
 * Saves beside training: the caller waits for one copy of the state, and a thread hashes, writes and prunes. One
 * save at a time: the next one waits for the one before, so at most one copy is held.
 */
export class AsyncSaver {
  readonly #location: string;
  readonly #options: SaverOptions;
  readonly #thread: JobThread;
  #copy: TrainState | undefined;
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

  /** Resolves as soon as the caller may change its state again. */
  async save(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<PendingSave<Saved>> {
    const { retention } = this.#options;
    return this.#begin(snapshot, ownership, (owned) => ({ kind: 'publish', snapshot: owned, retention }));
  }

  /** As `save`, for one share of a save that several processes write; see `CheckpointStore.writeShare`. */
  async saveShare(
    ticket: Ticket,
    share: number,
    snapshot: Snapshot,
    ownership: Ownership = 'copy',
  ): Promise<PendingSave<WrittenShare>> {
    return this.#begin(snapshot, ownership, (owned) => ({ kind: 'share', ticket, share, snapshot: owned }));
  }

  /** The last save of a run: resolves when it is durable. @throws as `CheckpointStore.publish` */
  async saveNow(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<Saved> {
    return (await this.save(snapshot, ownership)).done;
  }

  /** Waits for the save that is on its way, and ends the thread. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#thread.end();
    this.#copy = undefined;
  }

  async #begin<T>(
    snapshot: Snapshot,
    ownership: Ownership,
    jobOf: (owned: Snapshot) => Job,
  ): Promise<PendingSave<T>> {
    this.#inFlight++;
    const turn = this.#turn;
    const started = turn.then(() => this.#send<T>(snapshot, ownership, jobOf));
    const over = (): void => void this.#inFlight--;
    this.#turn = started.then(({ done }) => done).then(over, over);
    return started;
  }

  #send<T>(snapshot: Snapshot, ownership: Ownership, jobOf: (owned: Snapshot) => Job): PendingSave<T> {
    const { globalStep } = snapshot.state;
    const moved = ownership === 'give' ? this.#thread.runMoved<T>(jobOf(snapshot)) : undefined;
    const answer = moved ?? this.#thread.run<T>(jobOf({ ...snapshot, state: this.#copied(snapshot.state) }));
    const done = answer.catch((error: unknown) => {
      throw writeError(globalStep, this.#location, error);
    });
    // Nobody need listen: the turn does, and a rejection without a listener would end the process.
    done.catch(() => {});
    return { globalStep, done };
  }

  /** The one copy, in memory that the thread shares; kept, because fresh memory takes ten times as long to fill. */
  #copied(state: TrainState): TrainState {
    const held = this.#copy;
    const fits = held && sameShape(held, state);
    const copy = { ...(fits ? held : emptyLike(state, shared)), globalStep: state.globalStep };
    const targets = buffersOf(copy);
    buffersOf(state).forEach((values, i) => targets[i]!.set(values));
    this.#copy = copy;
    return copy;
  }
}

function shared(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}

function sameShape(a: TrainState, b: TrainState): boolean {
  const shape = ({ params, emas, derived }: TrainState): string =>
    JSON.stringify([params.length, emas.map((e) => e.decay), derived.map((d) => [d.name, d.values.length])]);
  return shape(a) === shape(b);
}
