import { availableParallelism } from 'node:os';
import type { TreeNode } from '@ddpm-fleet/core';
import type { SegmentOffer } from '@ddpm-fleet/protocol';
import { AdderThread } from './adderThread.js';
import type { Part, Reducer, ReducerHandlers, ReducerOptions, ReducerSegments } from './reducer.js';

/** More are limited by memory, not by processors. */
const MAX_THREADS = 4;

/**
 * Adds in threads of its own, so that sums never delay a heartbeat. A bucket is always the same thread's, so that all
 * of it happens in the order of the calls. The threads own no socket.
 */
export class ThreadReducer implements Reducer {
  readonly segments?: ReducerSegments;
  readonly #threads: readonly AdderThread[];

  /** @param addonPath of the addon that maps segments; without it payloads come as bytes */
  constructor(options: ReducerOptions, handlers: ReducerHandlers, addonPath?: string) {
    const count = Math.max(1, Math.min(MAX_THREADS, availableParallelism(), options.buckets));
    const threadOptions = { ...options, ...(addonPath !== undefined && { addonPath }) };
    this.#threads = Array.from({ length: count }, () => new AdderThread(threadOptions, handlers));
    if (addonPath !== undefined) this.segments = this.#segments();
  }

  begin(round: number, digest: boolean, root?: number): void {
    for (const thread of this.#threads) thread.post({ type: 'begin', round, digest, root });
  }

  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array | Part): void {
    this.#threads[bucket % this.#threads.length]!.add(round, node, bucket, payload);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #segments(): ReducerSegments {
    const threads = this.#threads;
    return {
      async map(segment: number, offer: SegmentOffer, own: boolean) {
        await Promise.all(threads.map((thread) => thread.map(segment, offer, own)));
      },
      forget(segment: number) {
        for (const thread of threads) thread.post({ type: 'forget', segment });
      },
    };
  }
}
