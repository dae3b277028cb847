import type { AverageType } from './averages/dtype.js';
import type { AverageStore } from './averages/store.js';
import type { Ticket } from './medium.js';
import type { RetentionPolicy } from './retention.js';
import { pruned, type Ownership, type PendingSave, type Saved, type Saver } from './saver.js';
import { mapState } from '@ddpm-fleet/core';
import type { Snapshot } from './state.js';
import type { CheckpointStore, WrittenShare } from './store.js';
import { writeError } from './writeError.js';

/** Saves in the calling thread: for a store that does not block it. */
export class DirectSaver implements Saver {
  readonly #store: CheckpointStore;
  readonly #averages: AverageStore | undefined;
  readonly #retention: RetentionPolicy | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param retention prune by this after each publish
   * @param averages where snapshots of averages go, if any are made
   */
  constructor(store: CheckpointStore, retention?: RetentionPolicy, averages?: AverageStore) {
    this.#averages = averages;
    this.#store = store;
    this.#retention = retention;
  }

  async save(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<PendingSave<Saved>> {
    const own = owned(snapshot, ownership);
    return this.#begin(own.state.globalStep, async () => {
      return pruned(this.#store, await this.#store.publish(own), this.#retention);
    });
  }

  async saveShare(
    ticket: Ticket,
    share: number,
    snapshot: Snapshot,
    ownership: Ownership = 'copy',
  ): Promise<PendingSave<WrittenShare>> {
    const own = owned(snapshot, ownership);
    return this.#begin(ticket.globalStep, () => this.#store.writeShare(ticket, share, own));
  }

  async publishShares(ticket: Ticket, written: readonly WrittenShare[]): Promise<Saved> {
    return this.#begin(ticket.globalStep, async () => {
      return pruned(this.#store, await this.#store.publishShares(ticket, written), this.#retention);
    }).done;
  }

  async saveAverages(
    snapshot: Snapshot,
    type: AverageType,
    ownership: Ownership = 'copy',
  ): Promise<{ sizeBytes: number }> {
    const own = owned(snapshot, ownership);
    return this.#begin(own.state.globalStep, () => this.#averages!.publish(own, type)).done;
  }

  async saveNow(snapshot: Snapshot, ownership: Ownership = 'copy'): Promise<Saved> {
    return (await this.save(snapshot, ownership)).done;
  }

  async close(): Promise<void> {
    await this.#turn;
  }

  #begin<T>(globalStep: number, work: () => Promise<T>): PendingSave<T> {
    const done = this.#turn.then(work).catch((error: unknown) => {
      throw writeError(globalStep, this.#store.location, error);
    });
    // Nobody need listen: a rejection without a listener would end the process.
    this.#turn = done.catch(() => undefined);
    return { globalStep, done };
  }
}

function owned(snapshot: Snapshot, ownership: Ownership): Snapshot {
  if (ownership === 'give') return snapshot;
  return { ...snapshot, state: mapState(snapshot.state, ({ values }) => values.slice()) };
}
