import type { TreeNode } from '@ddpm-fleet/core';
import type { Reducer, ReducerHandlers, ReducerOptions } from './reducer.js';
import { Reduction } from './reduction.js';

/** Adds in the calling thread, at once. */
export class InlineReducer implements Reducer {
  readonly #options: ReducerOptions;
  readonly #handlers: ReducerHandlers;
  #current: Reduction | undefined;

  constructor(options: ReducerOptions, handlers: ReducerHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  begin(round: number, digest: boolean): void {
    this.#current = new Reduction(round, digest, this.#options, this.#handlers);
  }

  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array): void {
    if (this.#current?.round === round) this.#current.add(node, bucket, payload);
  }

  async close(): Promise<void> {
    this.#current = undefined;
  }
}
