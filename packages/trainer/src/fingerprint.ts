/**
 * Hash of a replica's state that tells two replicas apart: 64 bits, equal for equal bits, and different whenever a
 * single element differs.
 *
 * For element i of all buffers end to end, with b its float32 bits: low += b * odd(mix(i)), high += b * odd(mix(~i)),
 * both modulo 2^32; mix is the finaliser of MurmurHash3 and odd(x) = x | 1. The result is high * 2^32 + low. Sums
 * wrap and commute, so parts may be summed in any order.
 */
export class Fingerprint {
  #low = 0;
  #high = 0;
  #index = 0;

  /** Takes in the next buffer. */
  update(values: Float32Array): this {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    let low = this.#low;
    let high = this.#high;
    const first = this.#index;
    for (let i = 0; i < bits.length; i++) {
      const b = bits[i]!;
      low = (low + Math.imul(b, mix(first + i) | 1)) | 0;
      high = (high + Math.imul(b, mix(~(first + i)) | 1)) | 0;
    }
    this.#low = low;
    this.#high = high;
    this.#index = (first + bits.length) | 0;
    return this;
  }

  /** uint64 */
  value(): bigint {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0);
  }
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
