import type { CheckpointInfo, FileRecord, ManifestHead } from './manifest.js';
import type { Ticket } from './medium.js';
import type { RetentionPolicy } from './retention.js';
import type { Snapshot, SnapshotMeta, WeightsName } from './state.js';
import type { ParamLayout } from '@ddpm-fleet/core';

export interface Published {
  readonly name: string;
  readonly globalStep: number;
  readonly digest: string;
  /** Of all files, the manifest apart. */
  readonly sizeBytes: number;
}

/** What one share's writer hands to whoever publishes; plain data. */
export interface WrittenShare {
  readonly share: number;
  readonly head: ManifestHead;
  readonly files: readonly FileRecord[];
}

/** A checkpoint that was passed over, and why. */
export interface Skipped {
  readonly name: string;
  readonly problem: string;
}

export interface Loaded {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly digest: string;
  /** Newer ones that cannot be used. Say it loudly. */
  readonly skipped: readonly Skipped[];
}

export interface LoadedWeights {
  readonly name: string;
  readonly globalStep: number;
  /** Of the whole checkpoint. */
  readonly digest: string;
  readonly values: Float32Array;
  readonly layout: ParamLayout;
  readonly meta: SnapshotMeta;
  readonly skipped: readonly Skipped[];
}

/** A checkpoint whose every byte was read. */
export interface Verdict {
  readonly name: string;
  readonly globalStep: number;
  /** Absent: whole. */
  readonly problem?: string;
}

/**
 * Checkpoints of one run, in a directory or in S3. A checkpoint is there whole or not at all, whatever dies while it
 * is written; what is damaged later is found by its hash when it is read.
 * Every method throws DDPM_ERR_STORE_* when the place itself refuses or cannot be reached.
 */
export interface CheckpointStore {
  readonly location: string;

  /**
   * Saves: resolves when the checkpoint is durable and LATEST points at it. One of the same step is replaced.
   * @throws DDPM_ERR_CHECKPOINT_STATE, DDPM_ERR_CHECKPOINT_WRITE; then nothing was published and all others stay
   */
  publish(snapshot: Snapshot): Promise<Published>;

  /** Begins a save that several processes write together: each `writeShare`, then one `publishShares`. */
  openTicket(globalStep: number, shares: number): Ticket;
  /** @throws as `publish` */
  writeShare(ticket: Ticket, share: number, snapshot: Snapshot): Promise<WrittenShare>;
  /** @throws DDPM_ERR_CHECKPOINT_SHARES when shares are missing or their writers' states differ; as `publish` */
  publishShares(ticket: Ticket, written: readonly WrittenShare[]): Promise<Published>;
  /** Frees what a save of several that will not be published holds; to be called when one of them failed. */
  abandon(ticket: Ticket): Promise<void>;

  /** All, newest first, from manifests and file sizes only. */
  list(): Promise<CheckpointInfo[]>;
  /**
   * Reads one checkpoint, or the newest that is whole, and checks every hash and the digest.
   * @throws DDPM_ERR_CHECKPOINT_NONE (the store is empty), _MISSING, _BAD, _ALL_BAD (each is named), _VERSION
   */
  load(which: number | 'newest'): Promise<Loaded>;
  /** The weights alone, from the files that hold them. @throws as `load`; DDPM_ERR_CHECKPOINT_WEIGHTS */
  loadWeights(which: number | 'newest', weights: WeightsName): Promise<LoadedWeights>;
  /** Reads every byte of one checkpoint, or of all, newest first. @throws DDPM_ERR_CHECKPOINT_MISSING */
  verify(which?: number): Promise<Verdict[]>;
  /** Removes what the policy does not keep; never the last one that is whole. Returns the names. */
  prune(policy: RetentionPolicy): Promise<string[]>;
}
