import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Fit } from './fit.js';

export interface DecodeRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface Fitted {
  readonly image: Uint8Array;
  /** Size in the file, before fitting. */
  readonly width: number;
  readonly height: number;
}

export type DecodeReply =
  { readonly id: number; readonly fitted: Fitted } | { readonly id: number; readonly reason: string };

interface Waiting {
  readonly thread: Worker;
  resolve(fitted: Fitted): void;
  reject(error: Error): void;
}

const MAX_THREADS = 8;

/**
 * Threads that decode and fit encoded images, so that neither the thread of sockets nor that of the computation does.
 * They start with the first image and do not keep the process alive.
 */
export class DecodePool {
  readonly #fit: Fit;
  readonly #threads: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(fit: Fit) {
    this.#fit = fit;
  }

  /** How many images should be under way to keep all threads busy. */
  static get window(): number {
    return 2 * threadCount();
  }

  /** @throws Error of the decoder */
  fit(bytes: Uint8Array): Promise<Fitted> {
    const id = this.#nextId++;
    const thread = this.#threadFor(id);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { thread, resolve, reject });
      thread.postMessage({ id, bytes } satisfies DecodeRequest);
    });
  }

  /** Ends the threads; images under way are given up. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.terminate()));
  }

  #threadFor(id: number): Worker {
    const slot = id % threadCount();
    return (this.#threads[slot] ??= this.#start());
  }

  #start(): Worker {
    const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: this.#fit });
    thread.unref();
    thread.on('message', (reply: DecodeReply) => this.#settle(reply));
    const fail = (why: string) => this.#failAll(thread, new Error(`the decode thread ended: ${why}`));
    thread.on('error', (error) => fail((error as Error).message));
    thread.on('exit', (code) => fail(`exit code ${code}`));
    return thread;
  }

  #settle(reply: DecodeReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('fitted' in reply) waiting?.resolve(reply.fitted);
    else waiting?.reject(new Error(reply.reason));
  }

  #failAll(thread: Worker, error: Error): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.thread !== thread) continue;
      this.#waiting.delete(id);
      waiting.reject(error);
    }
  }
}

function threadCount(): number {
  return Math.min(MAX_THREADS, availableParallelism());
}
