import type { TreeNode } from '@ddpm-fleet/core';
import { addBfloat16, addFloat32 } from './arithmetic.js';
import type { Part, Reducer, ReducerHandlers, ReducerOptions } from './reducer.js';
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
    const add = this.#options.wireDtype === 'bfloat16' ? addBfloat16 : addFloat32;
    this.#current = new Reduction({ ...this.#options, round, digest, add }, this.#handlers);
  }

  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array | Part): void {
    if (!(payload instanceof Uint8Array)) throw new Error('this reducer has no segments');
    if (this.#current?.round === round) this.#current.add(node, bucket, payload, 'lent');
  }

  async close(): Promise<void> {
    this.#current = undefined;
  }
}
