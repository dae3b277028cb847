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
      /** Holds the payload in its first bytes, until it is given back. */
      readonly memory: SharedArrayBuffer;
      readonly sizeBytes: number;
    };

export type FromThread =
  | { readonly type: 'done'; readonly memory: SharedArrayBuffer }
  | { readonly type: 'root'; readonly root: RootBucket }
  | { readonly type: 'bad'; readonly bad: { round: number; node: TreeNode; bucket: number } };

/** Memory kept for payloads on their way to the thread. */
const SPARE_BYTES = 64 << 20;

/**
 * Adds in a thread of its own, so that sums never delay a heartbeat. The thread owns no socket. Payloads go over in
 * shared memory that is used again: received buffers cannot be moved to another thread, and a message would copy them
 * twice into memory that the system has to clear first.
 */
export class ThreadReducer implements Reducer {
  readonly #worker: Worker;
  readonly #spare: SharedArrayBuffer[] = [];
  #closing = false;

  constructor(options: ReducerOptions, handlers: ReducerHandlers) {
    this.#worker = new Worker(new URL('./reducerThread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (message: FromThread) => {
      if (this.#closing) return;
      if (message.type === 'done') this.#takeBack(message.memory);
      else if (message.type === 'root') handlers.onRoot(message.root);
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
    const sizeBytes = payload.byteLength;
    const memory = this.#memoryOf(sizeBytes);
    new Uint8Array(memory).set(payload);
    this.#post({ type: 'add', round, node, bucket, memory, sizeBytes });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  #memoryOf(sizeBytes: number): SharedArrayBuffer {
    const memory = this.#spare.pop();
    return memory && memory.byteLength >= sizeBytes ? memory : new SharedArrayBuffer(sizeBytes);
  }

  #takeBack(memory: SharedArrayBuffer): void {
    if ((this.#spare.length + 1) * memory.byteLength <= SPARE_BYTES) this.#spare.push(memory);
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}
