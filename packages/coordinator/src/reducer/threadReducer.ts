import { Worker } from 'node:worker_threads';
import type { TreeNode } from '@ddpm-fleet/core';
import type { Reducer, ReducerHandlers, ReducerOptions, RootBucket } from './reducer.js';

export type ToThread =
  | { readonly type: 'begin'; readonly round: number; readonly digest: boolean }
  | {
      readonly type: 'add';
      readonly round: number;
      readonly node: TreeNode;
      readonly bucket: number;
      readonly payload: Uint8Array;
    };

export type FromThread =
  | { readonly type: 'root'; readonly root: RootBucket }
  | { readonly type: 'bad'; readonly bad: { round: number; node: TreeNode; bucket: number } };

/** Adds in a thread of its own, so that sums never delay a heartbeat. The thread owns no socket. */
export class ThreadReducer implements Reducer {
  readonly #worker: Worker;
  #closing = false;

  constructor(options: ReducerOptions, handlers: ReducerHandlers) {
    this.#worker = new Worker(new URL('./reducerThread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (message: FromThread) => {
      if (this.#closing) return;
      if (message.type === 'root') handlers.onRoot(message.root);
      else handlers.onBad(message.bad);
    });
    this.#worker.on('error', (error) => handlers.onError(error as Error));
    this.#worker.on('exit', (code) => {
      if (!this.#closing) handlers.onError(new Error(`the reducer thread ended with code ${code}`));
    });
  }

  begin(round: number, digest: boolean): void {
    this.#post({ type: 'begin', round, digest });
  }

  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array): void {
    this.#post({ type: 'add', round, node, bucket, payload });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  /** The message is copied: received buffers cannot be moved to another thread. */
  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}
