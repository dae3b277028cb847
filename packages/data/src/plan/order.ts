import { Permutation } from '@ddpm-fleet/core';

/**
 * Which samples the stream positions [position, position + count) show, of a data set of `size`: each exactly once
 * per epoch, straddling epochs where need be.
 */
export function samplesAt(seed: number, size: number, position: bigint, count: number): Uint32Array {
  const out = new Uint32Array(count);
  const n = BigInt(size);
  let epoch = Number(position / n);
  let at = Number(position % n);
  let permutation = new Permutation(seed, epoch, size);
  for (let i = 0; i < count; i++, at++) {
    if (at === size) {
      permutation = new Permutation(seed, ++epoch, size);
      at = 0;
    }
    out[i] = permutation.at(at);
  }
  return out;
}
