import type { AverageType } from './averages/dtype.js';
import type { ErrorCode } from '@ddpm-fleet/core';
import type { Ticket } from './medium.js';
import type { StoreOptions } from './openStore.js';
import type { RetentionPolicy } from './retention.js';
import type { Saved } from './saver.js';
import type { TrainState } from '@ddpm-fleet/core';
import type { Snapshot } from './state.js';
import type { WrittenShare } from './store.js';

/** What the saver asks of its thread, one at a time. */
export type Job =
  | (Task & {
      readonly snapshot: Snapshot;
      /** Whether the state's buffers are wanted back with the answer. */
      readonly giveBack: boolean;
    })
  | {
      readonly kind: 'publishShares';
      readonly ticket: Ticket;
      readonly written: readonly WrittenShare[];
      readonly retention: RetentionPolicy | undefined;
    };

export type Task =
  | { readonly kind: 'publish'; readonly retention: RetentionPolicy | undefined }
  | { readonly kind: 'averages'; readonly type: AverageType }
  | { readonly kind: 'share'; readonly ticket: Ticket; readonly share: number };

/** The store that a thread saves to. */
export interface Place {
  readonly location: string;
  readonly options: StoreOptions;
}

export type Answer = JobResult & { readonly state?: TrainState };

export type JobResult =
  | { readonly value: Saved | WrittenShare | { readonly sizeBytes: number } }
  | { readonly error: { readonly code: ErrorCode | undefined; readonly message: string } };
