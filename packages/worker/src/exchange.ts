import type { TrainState } from '@ddpm-fleet/checkpoint';
import type { Bucket } from '@ddpm-fleet/core';
import {
  encodeFrame,
  encodeImages,
  fingerprintText,
  FrameKind,
  stateFrames,
  stateMessage,
  toWire,
  type ImageRecords,
  type WireDtype,
} from '@ddpm-fleet/protocol';
import type { LeasedNode } from './machine/leases.js';
import type { Link } from './link.js';

/** Chunks of a state sent before the data plane is asked whether it has taken them. */
const STATE_WINDOW = 4;

/** Turns what a replica produces into frames of one run. */
export class Exchange {
  readonly #link: Link;
  readonly #run: bigint;
  readonly #buckets: readonly Bucket[];
  readonly #wireDtype: WireDtype;

  constructor(link: Link, run: bigint, buckets: readonly Bucket[], wireDtype: WireDtype) {
    this.#link = link;
    this.#run = run;
    this.#buckets = buckets;
    this.#wireDtype = wireDtype;
  }

  /** Sends the sum of a subtree bucket by bucket. `sum` must not be changed afterwards: its bytes are shared. */
  sendPartial(
    globalStep: number,
    { node, generation }: LeasedNode,
    sum: Float32Array,
    images: ImageRecords,
  ): void {
    const at = { run: this.#run, generation, globalStep, ...node };
    this.#link.sendFrame(
      encodeFrame({ kind: FrameKind.partialImages, ...at, count: images.t.length }, encodeImages(images)),
    );
    for (const { index: bucket, start, end } of this.#buckets) {
      const values = sum.subarray(start, end);
      const { dtype, payload } = toWire(values, this.#wireDtype);
      this.#link.sendFrame(
        encodeFrame({ ...at, kind: FrameKind.partial, dtype, bucket, count: values.length }, payload),
      );
    }
  }

  /** Sends a snapshot a few chunks at a time, so that the sums of a later step do not queue behind all of it. */
  async sendState(
    at: { generation: number; transfer: number },
    state: TrainState,
    fingerprint: bigint,
  ): Promise<void> {
    this.#link.send(stateMessage(state, at.transfer, fingerprintText(fingerprint)));
    let sent = 0;
    for (const frame of stateFrames(state, { ...at, run: this.#run })) {
      this.#link.sendFrame(frame);
      if (++sent % STATE_WINDOW === 0) await this.#link.flushData();
    }
  }
}
