import type { Bucket } from '@ddpm-fleet/core';
import {
  DTYPE_BYTES,
  encodeFrame,
  encodeImages,
  encodePlaced,
  fingerprintText,
  FrameKind,
  stateFrames,
  stateMessage,
  toWire,
  type WireDtype,
} from '@ddpm-fleet/protocol';
import type { WorkerEffectOf } from '../machine/effects.js';
import type { Link } from './link.js';
import { put, type Sharing } from './sharing.js';

/** Chunks of a state sent before the data plane is asked whether it has taken them. */
const STATE_WINDOW = 4;

/** Turns what a worker computes into frames of one run. */
export class Exchange {
  readonly #link: Link;
  readonly #runKey: bigint;
  readonly #buckets: readonly Bucket[];
  readonly #wireDtype: WireDtype;
  readonly #sharing: Sharing | undefined;

  /** @param sharing absent where everything is sent */
  constructor(
    link: Link,
    runKey: bigint,
    buckets: readonly Bucket[],
    wireDtype: WireDtype,
    sharing?: Sharing,
  ) {
    this.#link = link;
    this.#sharing = sharing;
    this.#runKey = runKey;
    this.#buckets = buckets;
    this.#wireDtype = wireDtype;
  }

  /** Sends the sum of a subtree bucket by bucket, or puts it where the coordinator reads it; its bytes are shared. */
  sendSum({ globalStep, leased, sum, images }: WorkerEffectOf<'sendSum'>): void {
    const { node, generation } = leased;
    const at = { run: this.#runKey, generation, globalStep, ...node };
    this.#link.sendFrame(
      encodeFrame({ kind: FrameKind.partialImages, ...at, count: images.t.length }, encodeImages(images)),
    );
    const area = this.#sharing?.areaFor(globalStep);
    for (const { index: bucket, start, end } of this.#buckets) {
      const values = sum.subarray(start, end);
      const { dtype, payload } = toWire(values, this.#wireDtype);
      const header = { ...at, kind: FrameKind.partial, dtype, bucket, count: values.length };
      const offset = start * DTYPE_BYTES[dtype];
      if (area) put(area, offset, payload);
      const frame = area
        ? encodePlaced(header, { segment: area.segment, use: 0, offset })
        : encodeFrame(header, payload);
      this.#link.sendFrame(frame);
    }
  }

  /** Sends a snapshot a few chunks at a time, so that the sums of a later step do not queue behind all of it. */
  async sendState({ generation, transfer, state, fingerprint }: WorkerEffectOf<'sendState'>): Promise<void> {
    this.#link.send(stateMessage(state, transfer, fingerprintText(fingerprint)));
    let sent = 0;
    for (const frame of stateFrames(state, { run: this.#runKey, generation, transfer })) {
      this.#link.sendFrame(frame);
      if (++sent % STATE_WINDOW === 0) await this.#link.flushData();
    }
  }
}
