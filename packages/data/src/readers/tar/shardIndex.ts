import { bytesOf } from '@ddpm-fleet/core';

/**
 * Where the images of tar shards lie: columns of typed arrays, 20 bytes an image, so that a million images take
 * 20 MB and are read back at once. `size` 0: the sample has no image. `label` -1: the sample has no label.
 */
export interface ShardIndex {
  readonly offset: Float64Array;
  readonly size: Uint32Array;
  readonly shard: Uint32Array;
  readonly label: Int32Array;
}

/** Grows while the shards are scanned. */
export class ShardIndexBuilder {
  readonly #offset: number[] = [];
  readonly #size: number[] = [];
  readonly #shard: number[] = [];
  readonly #label: number[] = [];

  add(sample: { offset: number; size: number; shard: number; label: number }): void {
    this.#offset.push(sample.offset);
    this.#size.push(sample.size);
    this.#shard.push(sample.shard);
    this.#label.push(sample.label);
  }

  build(): ShardIndex {
    return {
      offset: Float64Array.from(this.#offset),
      size: Uint32Array.from(this.#size),
      shard: Uint32Array.from(this.#shard),
      label: Int32Array.from(this.#label),
    };
  }
}

export function encodeShardIndex({ offset, size, shard, label }: ShardIndex): Uint8Array {
  return Buffer.concat([offset, size, shard, label].map(bytesOf));
}

/** The inverse of `encodeShardIndex`. */
export function decodeShardIndex(bytes: Uint8Array): ShardIndex {
  const count = bytes.length / 20;
  const { buffer } = new Uint8Array(bytes);
  return {
    offset: new Float64Array(buffer, 0, count),
    size: new Uint32Array(buffer, 8 * count, count),
    shard: new Uint32Array(buffer, 12 * count, count),
    label: new Int32Array(buffer, 16 * count, count),
  };
}
