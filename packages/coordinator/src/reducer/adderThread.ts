import { Worker } from 'node:worker_threads';
import type { TreeNode } from '@ddpm-fleet/core';
import type { SegmentOffer } from '@ddpm-fleet/protocol';
import type { Part, ReducerHandlers } from './reducer.js';
import type { FromThread, ThreadOptions, ToThread } from './threadMessages.js';

/** Memory kept for payloads on their way to a thread. */
const SPARE_BYTES = 64 << 20;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One thread that adds. Payloads that come as bytes go over in shared memory that is used again: received buffers
 * cannot be moved to another thread, and a message would copy them twice into memory that the system has to clear first.
 */
export class AdderThread {
  readonly #worker: Worker;
  readonly #handlers: ReducerHandlers;
  readonly #spare: SharedArrayBuffer[] = [];
  readonly #mapping = new Map<number, Waiting>();
  #closing = false;

  constructor(options: ThreadOptions, handlers: ReducerHandlers) {
    this.#handlers = handlers;
    this.#worker = new Worker(new URL('./reducerThread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (message: FromThread) => !this.#closing && this.#take(message));
    this.#worker.on('error', (error) => handlers.onError(error as Error));
    this.#worker.on('exit', (code) => {
      if (!this.#closing) handlers.onError(new Error(`a reducer thread ended with code ${code}`));
    });
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array | Part): void {
    if (!(payload instanceof Uint8Array)) return this.post({ type: 'add', round, node, bucket, payload });
    const sizeBytes = payload.byteLength;
    const memory = this.#memoryOf(sizeBytes);
    new Uint8Array(memory).set(payload);
    this.post({ type: 'add', round, node, bucket, payload: { memory, sizeBytes } });
  }

  map(segment: number, offer: SegmentOffer, own: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#mapping.set(segment, { resolve, reject });
      this.post({ type: 'map', segment, offer, own });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    if (message.type === 'done') this.#takeBack(message.memory);
    else if (message.type === 'root') this.#handlers.onRoot(message.root);
    else if (message.type === 'bad') this.#handlers.onBad(message.bad);
    else this.#settle(message.segment, message.problem);
  }

  #settle(segment: number, problem: string | undefined): void {
    const waiting = this.#mapping.get(segment)!;
    this.#mapping.delete(segment);
    if (problem === undefined) waiting.resolve();
    else waiting.reject(new Error(problem));
  }

  #memoryOf(sizeBytes: number): SharedArrayBuffer {
    const memory = this.#spare.pop();
    return memory && memory.byteLength >= sizeBytes ? memory : new SharedArrayBuffer(sizeBytes);
  }

  #takeBack(memory: SharedArrayBuffer): void {
    if ((this.#spare.length + 1) * memory.byteLength <= SPARE_BYTES) this.#spare.push(memory);
  }
}
