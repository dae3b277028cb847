import { Purpose } from './purpose.js';
import { philoxBlock } from './philox.js';

const ROUNDS = 8;

/**
 * A keyed bijection of [0, size) with O(1) access: a balanced Feistel network on the smallest even number of bits
 * that holds `size`, walked until it lands inside (fewer than four steps on average). The round function is Philox
 * keyed by (seed, permutation), its counter (half, round, epoch).
 */
export class Permutation {
  readonly #halfBits: number;
  readonly #mask: number;
  readonly #seed: number;
  readonly #epoch: number;
  readonly #size: number;
  readonly #words = new Uint32Array(4);

  /**
   * @param size at most 2^32
   * @throws RangeError when size is not an integer in [1, 2^32]
   */
  constructor(seed: number, epoch: number, size: number) {
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 32)
      throw new RangeError(`size ${size} is not in [1, 2^32]`);
    this.#seed = seed >>> 0;
    this.#epoch = epoch;
    this.#size = size;
    this.#halfBits = Math.max(1, Math.ceil(Math.log2(size) / 2));
    this.#mask = 2 ** this.#halfBits - 1;
  }

  at(index: number): number {
    let value = index;
    do value = this.#feistel(value);
    while (value >= this.#size);
    return value;
  }

  #feistel(value: number): number {
    const half = 2 ** this.#halfBits;
    let left = Math.floor(value / half);
    let right = value % half;
    for (let round = 0; round < ROUNDS; round++) {
      philoxBlock(
        right,
        round,
        this.#epoch >>> 0,
        Math.floor(this.#epoch / 2 ** 32),
        this.#seed,
        Purpose.permutation,
        this.#words,
        0,
      );
      const next = (left ^ (this.#words[0]! & this.#mask)) >>> 0;
      left = right;
      right = next;
    }
    return left * half + right;
  }
}

/** Which sample stream position `position` shows, of a data set of `size`: each exactly once per epoch. */
export function sampleAt(seed: number, size: number, position: bigint): number {
  const n = BigInt(size);
  return new Permutation(seed, Number(position / n), size).at(Number(position % n));
}
