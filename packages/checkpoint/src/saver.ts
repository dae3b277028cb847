import type { AverageType } from './averages/dtype.js';
import type { Ticket } from './medium.js';
import type { RetentionPolicy } from './retention.js';
import type { Snapshot } from './state.js';
import type { CheckpointStore, Published, WrittenShare } from './store.js';

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

/** Saves beside training, one save at a time: the next one waits for the one before. */
export interface Saver {
  /** Resolves as soon as the caller may change its state again. */
  save(snapshot: Snapshot, ownership?: Ownership): Promise<PendingSave<Saved>>;
  /** As `save`, for one share of a save that several processes write; see `CheckpointStore.writeShare`. */
  saveShare(
    ticket: Ticket,
    share: number,
    snapshot: Snapshot,
    ownership?: Ownership,
  ): Promise<PendingSave<WrittenShare>>;
  /**
   * Publishes what several processes wrote, and prunes; takes its turn with the saves.
   * @throws as `CheckpointStore.publishShares`
   */
  publishShares(ticket: Ticket, written: readonly WrittenShare[]): Promise<Saved>;
  /**
   * The power averages of a state alone, beside its checkpoints; durable when it resolves.
   * @throws as `AverageStore.publish`
   */
  saveAverages(snapshot: Snapshot, type: AverageType, ownership?: Ownership): Promise<{ sizeBytes: number }>;
  /** The last save of a run: resolves when it is durable. @throws as `CheckpointStore.publish` */
  saveNow(snapshot: Snapshot, ownership?: Ownership): Promise<Saved>;
  /** Waits for the save that is on its way. */
  close(): Promise<void>;
}

/** A checkpoint that was published must not count as failed because an old one could not be removed. */
export async function pruned(
  store: CheckpointStore,
  published: Published,
  retention: RetentionPolicy | undefined,
): Promise<Saved> {
  if (!retention) return { ...published, pruned: [] };
  try {
    return { ...published, pruned: await store.prune(retention) };
  } catch (error) {
    const pruneProblem = error instanceof Error ? error.message : String(error);
    return { ...published, pruned: [], pruneProblem };
  }
}
