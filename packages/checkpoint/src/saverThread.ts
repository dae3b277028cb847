import { parentPort, workerData } from 'node:worker_threads';
import { isFleetError, type ErrorCode } from '@ddpm-fleet/core';
import { movable } from './jobThread.js';
import type { Ticket } from './medium.js';
import { openStore, type StoreOptions } from './openStore.js';
import type { RetentionPolicy } from './retention.js';
import type { Snapshot, TrainState } from './state.js';
import { pruned, type Saved } from './saver.js';
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
  | { readonly kind: 'share'; readonly ticket: Ticket; readonly share: number };

/** The store that a thread saves to. */
export interface Place {
  readonly location: string;
  readonly options: StoreOptions;
}

export type Answer = Outcome & { readonly state?: TrainState };

type Outcome =
  | { readonly value: Saved | WrittenShare }
  | { readonly error: { readonly code: ErrorCode | undefined; readonly message: string } };

const port = parentPort!;
const { location, options } = workerData as Place;
const store = openStore(location, options);

port.on('message', (job: Job) => void answer(job));

async function answer(job: Job): Promise<void> {
  const outcome = await perform(job);
  if (job.kind === 'publishShares' || !job.giveBack) return port.postMessage(outcome satisfies Answer);
  const { state } = job.snapshot;
  port.postMessage({ ...outcome, state } satisfies Answer, movable(state));
}

async function perform(job: Job): Promise<Outcome> {
  try {
    if (job.kind === 'share') return { value: await store.writeShare(job.ticket, job.share, job.snapshot) };
    const published =
      job.kind === 'publish'
        ? await store.publish(job.snapshot)
        : await store.publishShares(job.ticket, job.written);
    return { value: await pruned(store, published, job.retention) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: { code: isFleetError(error) ? error.code : undefined, message } };
  }
}
