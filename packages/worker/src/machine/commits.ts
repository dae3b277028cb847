import type { Bucket } from '@ddpm-fleet/core';
import {
  decodeImages,
  fromWire,
  ProtocolError,
  type DataFrame,
  type MessageOf,
  type RootHeader,
  type RootImagesHeader,
} from '@ddpm-fleet/protocol';

export interface ReadyCommit {
  readonly message: MessageOf<'STEP_COMMIT'>;
  /** Absent when the step is skipped. */
  readonly root?: { readonly sum: Float32Array; readonly t: Int32Array; readonly loss: Float32Array };
}

interface Pending {
  /** Parts of older generations are not taken. */
  floor: number;
  sum?: Float32Array;
  /** Generation under which each bucket came. */
  readonly buckets: Map<number, number>;
  images?: { readonly generation: number; readonly t: Int32Array; readonly loss: Float32Array };
  message?: MessageOf<'STEP_COMMIT'>;
}

/**
 * Collects what a step's commit is made of: buckets and image records on one plane, STEP_COMMIT on the other, in any
 * order. Steps are given out whole, and only the one that is asked for.
 */
export class Commits {
  readonly #buckets: readonly Bucket[];
  readonly #size: number;
  readonly #steps = new Map<number, Pending>();
  readonly #spare: Float32Array[] = [];
  #fromStep = 0;
  #floor = 0;

  constructor(buckets: readonly Bucket[]) {
    this.#buckets = buckets;
    this.#size = buckets.at(-1)!.end;
  }

  /** A WELCOME: older steps are of no use, and older generations may be of another past. */
  restart(generation: number, fromStep: number): void {
    this.#floor = generation;
    this.#fromStep = fromStep;
    for (const step of this.#steps.keys()) {
      if (step < fromStep) this.#drop(step);
      else this.#raise(this.#steps.get(step)!, generation);
    }
  }

  /** The sum that was begun under this generation will never be whole; another one of the same step may come. */
  abandon(generation: number, globalStep: number): void {
    if (globalStep >= this.#fromStep) this.#raise(this.#at(globalStep), generation + 1);
  }

  /** @throws ProtocolError for a bucket or a count that this layout does not have */
  addRoot({ header, payload }: DataFrame<RootHeader>): void {
    const pending = this.#pendingOf(header);
    if (!pending) return;
    const bucket = this.#buckets[header.bucket];
    if (!bucket || header.count !== bucket.end - bucket.start) {
      const detail = `bucket ${header.bucket} of ${header.count} elements is not of this layout`;
      throw new ProtocolError('length', detail);
    }
    pending.sum ??= this.#spare.pop() ?? new Float32Array(this.#size);
    pending.sum.set(fromWire(payload, header.dtype), bucket.start);
    pending.buckets.set(header.bucket, header.generation);
  }

  addImages({ header, payload }: DataFrame<RootImagesHeader>): void {
    const pending = this.#pendingOf(header);
    if (pending) pending.images = { generation: header.generation, ...decodeImages(payload) };
  }

  addMessage(message: MessageOf<'STEP_COMMIT'>): void {
    const pending = this.#pendingOf(message);
    if (pending) pending.message = message;
  }

  /** Whether the step stands, though parts of it may still be under way. */
  isCommitted(globalStep: number): boolean {
    return this.#steps.get(globalStep)?.message !== undefined;
  }

  isReady(globalStep: number): boolean {
    const pending = this.#steps.get(globalStep);
    if (!pending?.message) return false;
    return (
      pending.message.skipped ||
      (pending.buckets.size === this.#buckets.length && pending.images !== undefined)
    );
  }

  /** Takes a commit out. What came for earlier steps is dropped with it. */
  take(globalStep: number): ReadyCommit | undefined {
    if (!this.isReady(globalStep)) return undefined;
    const { message, sum, images } = this.#steps.get(globalStep)!;
    this.#steps.delete(globalStep);
    for (const step of this.#steps.keys()) if (step < globalStep) this.#drop(step);
    this.#fromStep = Math.max(this.#fromStep, globalStep + 1);
    if (message!.skipped) return { message: message! };
    return { message: message!, root: { sum: sum!, t: images!.t, loss: images!.loss } };
  }

  /** Memory for a later step's root. */
  recycle(sum: Float32Array): void {
    if (this.#spare.length < 2 && sum.length === this.#size) this.#spare.push(sum);
  }

  /** undefined: it is late. */
  #pendingOf({ generation, globalStep }: { generation: number; globalStep: number }): Pending | undefined {
    if (globalStep < this.#fromStep || generation < this.#floor) return undefined;
    const pending = this.#at(globalStep);
    return generation < pending.floor ? undefined : pending;
  }

  #at(globalStep: number): Pending {
    let pending = this.#steps.get(globalStep);
    if (!pending) this.#steps.set(globalStep, (pending = { floor: this.#floor, buckets: new Map() }));
    return pending;
  }

  #raise(pending: Pending, floor: number): void {
    pending.floor = Math.max(pending.floor, floor);
    for (const [bucket, generation] of pending.buckets)
      if (generation < floor) pending.buckets.delete(bucket);
    if (pending.images && pending.images.generation < floor) delete pending.images;
    if (pending.message && pending.message.generation < floor) delete pending.message;
  }

  #drop(globalStep: number): void {
    const sum = this.#steps.get(globalStep)?.sum;
    if (sum) this.recycle(sum);
    this.#steps.delete(globalStep);
  }
}
