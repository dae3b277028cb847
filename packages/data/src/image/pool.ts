import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Fit } from './fit.js';

export interface DecodeRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly fit: Fit;
}

export interface Fitted {
  readonly image: Uint8Array;
  /** Size in the file, before fitting. */
  readonly width: number;
  readonly height: number;
  /** What follows is known of encoded pictures only. */
  readonly isTransparent?: boolean;
  /** In the file; the first is taken. */
  readonly frames?: number;
  /** What the decoder complained of. */
  readonly warning?: string;
}

export type DecodeReply =
  { readonly id: number; readonly fitted: Fitted } | { readonly id: number; readonly reason: string };

interface Waiting {
  readonly thread: Worker;
  resolve(fitted: Fitted): void;
  reject(error: Error): void;
}

const THREADS = Math.min(8, availableParallelism());

/** How many images should be under way to keep all threads busy. */
export const DECODE_WINDOW = 2 * THREADS;

/**
 * Threads that decode and fit encoded images, so that neither the thread of sockets nor that of the computation does.
 * They start with the first image, and keep the process alive only while an image is under way. All data sets of a
 * process share one pool, which ends with the last of them.
 */
export class DecodePool {
  static #shared: DecodePool | undefined;
  readonly #threads = new Map<number, Worker>();
  readonly #waiting = new Map<number, Waiting>();
  #users = 0;
  #nextId = 0;

  /** The pool of the process; `release` it once. */
  static acquire(): DecodePool {
    const pool = (DecodePool.#shared ??= new DecodePool());
    pool.#users++;
    return pool;
  }

  /** The last user's release ends the threads; images under way are given up. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    if (DecodePool.#shared === this) DecodePool.#shared = undefined;
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  /** @throws Error of the decoder */
  fit(bytes: Uint8Array, fit: Fit): Promise<Fitted> {
    const id = this.#nextId++;
    const slot = id % THREADS;
    const thread = this.#threads.get(slot) ?? this.#start(slot);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#hold(true);
      this.#waiting.set(id, { thread, resolve, reject });
      thread.postMessage({ id, bytes, fit } satisfies DecodeRequest);
    });
  }

  #start(slot: number): Worker {
    // Flags of the process, such as those of `node -e`, are no flags of a thread.
    const thread = new Worker(new URL('./thread.js', import.meta.url), { execArgv: [] });
    thread.on('message', (reply: DecodeReply) => this.#settle(reply));
    const fail = (why: string) => this.#failAll(thread, new Error(`the decode thread ended: ${why}`));
    thread.on('error', (error) => fail((error as Error).message));
    thread.on('exit', (code) => {
      // The next image for this slot starts another one.
      if (this.#threads.get(slot) === thread) this.#threads.delete(slot);
      fail(`exit code ${code}`);
    });
    this.#threads.set(slot, thread);
    return thread;
  }

  /** Whether the threads keep the process alive: they do while somebody waits for an image. */
  #hold(held: boolean): void {
    for (const thread of this.#threads.values()) {
      if (held) thread.ref();
      else thread.unref();
    }
  }

  #settle(reply: DecodeReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#hold(false);
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
