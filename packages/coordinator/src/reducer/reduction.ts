import { createHash } from 'node:crypto';
import { bytesOf, type TreeNode } from '@ddpm-fleet/core';
import { Dtype, fromWire, toWire } from '@ddpm-fleet/protocol';
import type { Add } from './arithmetic.js';
import { BucketSum, type BucketRoot } from './bucketSum.js';
import type { ReducerHandlers, ReducerOptions } from './reducer.js';

export interface ReductionOptions extends ReducerOptions {
  readonly round: number;
  readonly digest: boolean;
  readonly add: Add;
  /** Takes the root, bucket after bucket, in the wire's dtype; without it each bucket gets memory of its own. */
  readonly root?: Uint8Array;
}

/** The sums of one round. */
export class Reduction {
  readonly #options: ReductionOptions;
  readonly #handlers: Pick<ReducerHandlers, 'onRoot' | 'onBad'>;
  readonly #sums = new Map<number, BucketSum>();

  constructor(options: ReductionOptions, handlers: Pick<ReducerHandlers, 'onRoot' | 'onBad'>) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get round(): number {
    return this.#options.round;
  }

  /** @param payload is not changed; a `lent` one is there only for this call, a `shared` one until the round is over */
  add(node: TreeNode, bucket: number, payload: Uint8Array, lending: 'lent' | 'shared'): void {
    const { wireDtype, round, numSlots, add } = this.#options;
    const values = fromWire(payload, Dtype[wireDtype]);
    let sum = this.#sums.get(bucket);
    if (!sum) {
      const onBad = (bad: TreeNode): void => this.#handlers.onBad({ round, node: bad, bucket });
      sum = new BucketSum(numSlots, add, this.#home(bucket, values.length), onBad);
      this.#sums.set(bucket, sum);
    }
    const root = sum.push(node, values, values.buffer === payload.buffer ? lending : 'own');
    if (root) this.#finish(bucket, root);
  }

  /** Where the sum of a bucket ends up: in the segment, unless what goes there is packed. */
  #home(bucket: number, count: number): Float32Array {
    const place = this.#placeOf(bucket, count);
    return place && this.#options.wireDtype === 'float32' ? fromWire(place) : new Float32Array(count);
  }

  #placeOf(bucket: number, count: number): Uint8Array | undefined {
    const { root, bucketBytes, wireDtype } = this.#options;
    const start = bucket * bucketBytes;
    return root?.subarray(start, start + count * (wireDtype === 'float32' ? 4 : 2));
  }

  #finish(bucket: number, { values, squares }: BucketRoot): void {
    const { round, digest, wireDtype } = this.#options;
    const began = performance.now();
    const sha256 = digest ? createHash('sha256').update(bytesOf(values)).digest('hex') : '';
    const digestMs = performance.now() - began;
    const place = this.#placeOf(bucket, values.length);
    const payload = bytesOf(toWire(values, wireDtype).payload);
    if (place && payload.buffer !== place.buffer) place.set(payload);
    this.#handlers.onRoot({
      round,
      bucket,
      sha256,
      digestMs,
      sumSquares: squares,
      ...(!place && { payload }),
      count: values.length,
    });
  }
}
