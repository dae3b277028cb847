import { rootLevel } from '@ddpm-fleet/core';
import { Dtype, encodeFrame, FrameKind } from '@ddpm-fleet/protocol';
import type { Frames } from '@ddpm-fleet/transport';
import type { RootBucket } from '../reducer/reducer.js';

interface Payload {
  readonly bytes: Uint8Array;
  readonly count: number;
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
    this.#buckets.set(bucket, { bytes: payload, count });
  }

  putImages(bytes: Uint8Array, count: number): void {
    this.#images = { bytes, count };
  }

  bucketFrame(generation: number, globalStep: number, bucket: number): Frames {
    const { bytes, count } = this.#buckets.get(bucket)!;
    const dtype = Dtype[this.#wireDtype];
    return encodeFrame(
      { kind: FrameKind.root, ...this.#at(generation, globalStep), dtype, bucket, count },
      bytes,
    );
  }

  imagesFrame(generation: number, globalStep: number): Frames {
    const { bytes, count } = this.#images!;
    return encodeFrame({ kind: FrameKind.rootImages, ...this.#at(generation, globalStep), count }, bytes);
  }

  #at(generation: number, globalStep: number) {
    return { run: this.#run, generation, globalStep, level: this.#level, index: 0 };
  }
}
