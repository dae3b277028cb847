import { bytesOf } from '@ddpm-fleet/core';

/**
 * Where the images of tar shards lie: columns of typed arrays, 16 bytes an image, so that a million images take
 * 16 MB and are read back at once. `size` 0: the sample has
 * no image that can be read; `offset` is then that of a member of it.
 */
export interface ShardIndex {
  readonly offset: Float64Array;
  readonly size: Uint32Array;
  readonly shard: Uint32Array;
}

/** Grows while the shards are scanned. */
export class ShardIndexBuilder {
  readonly #offset: number[] = [];
  readonly #size: number[] = [];
  readonly #shard: number[] = [];

  add(sample: { offset: number; size: number; shard: number }): void {
    this.#offset.push(sample.offset);
    this.#size.push(sample.size);
    this.#shard.push(sample.shard);
  }

  get count(): number {
    return this.#offset.length;
  }

  /** Where the image of sample `index` is, found out after it was added. */
  move(index: number, { offset, size }: { offset: number; size: number }): void {
    this.#offset[index] = offset;
    this.#size[index] = size;
  }

  build(): ShardIndex {
    return {
      offset: Float64Array.from(this.#offset),
      size: Uint32Array.from(this.#size),
      shard: Uint32Array.from(this.#shard),
    };
  }
}

export function encodeShardIndex({ offset, size, shard }: ShardIndex): Uint8Array {
  return Buffer.concat([offset, size, shard].map(bytesOf));
}

/** The inverse of `encodeShardIndex`. */
export function decodeShardIndex(bytes: Uint8Array): ShardIndex {
  const count = bytes.length / 16;
  const { buffer } = new Uint8Array(bytes);
  return {
    offset: new Float64Array(buffer, 0, count),
    size: new Uint32Array(buffer, 8 * count, count),
    shard: new Uint32Array(buffer, 12 * count, count),
  };
}
