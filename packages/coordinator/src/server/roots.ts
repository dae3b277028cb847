import { rootLevel } from '@ddpm-fleet/core';
import { Dtype, encodeFrame, FrameKind, type DtypeCode, type FrameKindCode } from '@ddpm-fleet/protocol';
import type { Frames } from '@ddpm-fleet/transport';
import type { RootBucket } from '../reducer/reducer.js';

interface Payload {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly dtype: DtypeCode;
}

/** What is finished of the root of the round in progress, to be sent again to whoever comes in the middle of it. */
export class Roots {
  readonly #run: bigint;
  readonly #level: number;
  readonly #wireDtype: 'float32' | 'bfloat16';
  #buckets = new Map<number, Payload>();
  #images: Payload | undefined;

  constructor(run: bigint, numSlots: number, wireDtype: 'float32' | 'bfloat16') {
    this.#run = run;
    this.#level = rootLevel(numSlots);
    this.#wireDtype = wireDtype;
  }

  /** Payloads given out stay as they are: sockets may still read them. */
  clear(): void {
    this.#buckets = new Map();
    this.#images = undefined;
  }

  put({ bucket, payload, count }: RootBucket): void {
    this.#buckets.set(bucket, { bytes: payload, count, dtype: Dtype[this.#wireDtype] });
  }

  putImages(bytes: Uint8Array, count: number): void {
    this.#images = { bytes, count, dtype: Dtype.imageRecord };
  }

  bucketFrame(generation: number, globalStep: number, bucket: number): Frames {
    return this.#frame(FrameKind.root, generation, globalStep, bucket, this.#buckets.get(bucket)!);
  }

  imagesFrame(generation: number, globalStep: number): Frames {
    return this.#frame(FrameKind.rootImages, generation, globalStep, 0, this.#images!);
  }

  #frame(
    kind: FrameKindCode,
    generation: number,
    globalStep: number,
    bucket: number,
    payload: Payload,
  ): Frames {
    const { dtype, count, bytes } = payload;
    const at = { run: this.#run, generation, globalStep, level: this.#level, index: 0, bucket, transfer: 0 };
    return encodeFrame({ kind, dtype, count, ...at }, bytes);
  }
}
