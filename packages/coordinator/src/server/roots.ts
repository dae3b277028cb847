import { rootLevel } from '@ddpm-fleet/core';
import {
  Dtype,
  DTYPE_BYTES,
  encodeFrame,
  encodePlaced,
  FrameKind,
  type RootHeader,
} from '@ddpm-fleet/protocol';
import type { Frames } from '@ddpm-fleet/transport';
import type { ReducerOptions, RootBucket } from '../reducer/reducer.js';
import type { Sharing } from './sharing.js';

interface Payload {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** A bucket as it was said to be finished; its bytes may lie in the round's segment. */
interface Bucket {
  bytes: Uint8Array | undefined;
  readonly count: number;
}

/** What is finished of the root of the round in progress, to be sent again to whoever comes in the middle of it. */
export class Roots {
  readonly #run: bigint;
  readonly #level: number;
  readonly #options: ReducerOptions;
  readonly #sharing: Sharing | undefined;
  #buckets = new Map<number, Bucket>();
  #images: Payload | undefined;

  constructor(run: bigint, options: ReducerOptions, sharing: Sharing | undefined) {
    this.#run = run;
    this.#level = rootLevel(options.numSlots);
    this.#options = options;
    this.#sharing = sharing;
  }

  /** Payloads given out stay as they are: sockets may still read them. */
  clear(): void {
    this.#buckets = new Map();
    this.#images = undefined;
  }

  put({ bucket, payload, count }: RootBucket): void {
    this.#buckets.set(bucket, { bytes: payload, count });
  }

  putImages(bytes: Uint8Array, count: number): void {
    this.#images = { bytes, count };
  }

  /** For one worker: with the bytes, or with where they lie. */
  bucketFrame(peer: string, generation: number, globalStep: number, bucket: number): Frames {
    const { count } = this.#buckets.get(bucket)!;
    const dtype = Dtype[this.#options.wireDtype];
    const at = this.#at(generation, globalStep);
    const header: RootHeader = { kind: FrameKind.root, ...at, dtype, bucket, count };
    const place = this.#sharing?.place(peer, bucket * this.#options.bucketBytes);
    return place ? encodePlaced(header, place) : encodeFrame(header, this.#bytesOf(bucket));
  }

  imagesFrame(generation: number, globalStep: number): Frames {
    const { bytes, count } = this.#images!;
    return encodeFrame({ kind: FrameKind.rootImages, ...this.#at(generation, globalStep), count }, bytes);
  }

  /** Sockets may read them long after a segment is written again: what lies in one is copied, once. */
  #bytesOf(bucket: number): Uint8Array {
    const found = this.#buckets.get(bucket)!;
    const { bucketBytes, wireDtype } = this.#options;
    const start = bucket * bucketBytes;
    const sizeBytes = found.count * DTYPE_BYTES[Dtype[wireDtype]];
    found.bytes ??= this.#sharing!.root!.slice(start, start + sizeBytes);
    return found.bytes;
  }

  #at(generation: number, globalStep: number) {
    return { run: this.#run, generation, globalStep, level: this.#level, index: 0 };
  }
}
