import { createHash } from 'node:crypto';
import { addInto, bytesOf, roundToBfloat16, TreeSum, type TreeNode } from '@ddpm-fleet/core';
import { Dtype, fromWire, toWire } from '@ddpm-fleet/protocol';
import type { ReducerHandlers, ReducerOptions } from './reducer.js';

/** The sums of one round. Owns the payloads that it is given. */
export class Reduction {
  readonly round: number;
  readonly #options: ReducerOptions;
  readonly #digest: boolean;
  readonly #handlers: Pick<ReducerHandlers, 'onRoot' | 'onBad'>;
  readonly #sums: TreeSum<Float32Array>[];

  constructor(
    round: number,
    digest: boolean,
    options: ReducerOptions,
    handlers: Pick<ReducerHandlers, 'onRoot' | 'onBad'>,
  ) {
    this.round = round;
    this.#digest = digest;
    this.#options = options;
    this.#handlers = handlers;
    const add = options.wireDtype === 'bfloat16' ? addRounded : addInto;
    this.#sums = Array.from({ length: options.buckets }, () => new TreeSum(options.numSlots, add));
  }

  /** @param payload is changed */
  add(node: TreeNode, bucket: number, payload: Uint8Array): void {
    const values = fromWire(payload, Dtype[this.#options.wireDtype]);
    if (!Number.isFinite(sumSquares(values))) this.#handlers.onBad({ round: this.round, node, bucket });
    const sum = this.#sums[bucket]!;
    sum.push(node, values);
    if (sum.root) this.#finish(bucket, sum.root);
  }

  #finish(bucket: number, root: Float32Array): void {
    const began = performance.now();
    const sha256 = this.#digest ? createHash('sha256').update(bytesOf(root)).digest('hex') : '';
    const digestMs = performance.now() - began;
    const { payload } = toWire(root, this.#options.wireDtype);
    this.#handlers.onRoot({
      round: this.round,
      bucket,
      sha256,
      digestMs,
      sumSquares: sumSquares(root),
      payload: bytesOf(payload),
      count: root.length,
    });
  }
}

/** Squares of float32 values cannot overflow in float64, so the sum is finite exactly if all values are. */
function sumSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

function addRounded(left: Float32Array, right: Float32Array): Float32Array {
  return roundToBfloat16(addInto(left, right), left);
}
