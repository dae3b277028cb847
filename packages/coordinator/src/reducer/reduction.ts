import { createHash } from 'node:crypto';
import { bytesOf, roundToBfloat16, TreeSum, type TreeNode } from '@ddpm-fleet/core';
import { Dtype, fromWire, toWire } from '@ddpm-fleet/protocol';
import type { ReducerHandlers, ReducerOptions } from './reducer.js';

/** The sums of one round. */
export class Reduction {
  readonly round: number;
  readonly #options: ReducerOptions;
  readonly #digest: boolean;
  readonly #handlers: Pick<ReducerHandlers, 'onRoot' | 'onBad'>;
  readonly #sums: TreeSum<Float32Array>[];
  /** The part at hand where its memory is only lent: nothing is added into it, and it is copied to be kept. */
  #lent: Float32Array | undefined;

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
    const { numSlots, buckets } = options;
    const add = (left: Float32Array, right: Float32Array): Float32Array => this.#add(left, right);
    const keep = (sum: Float32Array): Float32Array => (sum === this.#lent ? sum.slice() : sum);
    this.#sums = Array.from({ length: buckets }, () => new TreeSum(numSlots, add, keep));
  }

  /** @param payload is lent: it is not changed, and not looked at later */
  add(node: TreeNode, bucket: number, payload: Uint8Array): void {
    const values = fromWire(payload, Dtype[this.#options.wireDtype]);
    if (!Number.isFinite(sumSquares(values))) this.#handlers.onBad({ round: this.round, node, bucket });
    this.#lent = values.buffer === payload.buffer ? values : undefined;
    const sum = this.#sums[bucket]!;
    sum.push(node, values);
    this.#lent = undefined;
    if (sum.root) this.#finish(bucket, sum.root);
  }

  #add(left: Float32Array, right: Float32Array): Float32Array {
    const sum = left === this.#lent ? right : left;
    for (let i = 0; i < sum.length; i++) sum[i] = left[i]! + right[i]!;
    return this.#options.wireDtype === 'bfloat16' ? roundToBfloat16(sum, sum) : sum;
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
