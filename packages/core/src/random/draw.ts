import { philoxFill, type RandomAddress } from './philox.js';

/** uint64 as the pair of int32 (low, high) in which it is fed to programs. */
export function u64Pair(value: bigint | number): Int32Array {
  const big = BigInt(value);
  return new Int32Array([Number(BigInt.asIntN(32, big)), Number(BigInt.asIntN(32, big >> 32n))]);
}

export function pairToU64(pair: ArrayLike<number>): bigint {
  return (BigInt(pair[1]! >>> 0) << 32n) | BigInt(pair[0]! >>> 0);
}

/** Philox blocks (of four words) that one image takes when it draws `valuesPerImage` values: at least one. */
export function blocksPerImage(valuesPerImage: number): number {
  return Math.max(1, Math.ceil(valuesPerImage / 4));
}

/** Where the draws of the batch start whose first image has stream position `position`. */
export function imageAddress(
  seed: number,
  purpose: number,
  position: bigint,
  valuesPerImage: number,
  stream = 0n,
): RandomAddress {
  return { seed, purpose, counter: position * BigInt(blocksPerImage(valuesPerImage)), stream };
}

/** Words of `images` consecutive images, `valuesPerImage` each, padding of the last block dropped. */
export function drawBits(address: RandomAddress, images: number, valuesPerImage: number): Uint32Array {
  const stride = blocksPerImage(valuesPerImage) * 4;
  const words = philoxFill(address, new Uint32Array(images * stride));
  if (stride === valuesPerImage) return words;
  const out = new Uint32Array(images * valuesPerImage);
  for (let i = 0; i < images; i++) {
    out.set(words.subarray(i * stride, i * stride + valuesPerImage), i * valuesPerImage);
  }
  return out;
}

/** Uniform on [0, 1): the low 23 bits as a mantissa, as TensorFlow does. */
export function drawUniform(address: RandomAddress, images: number, valuesPerImage: number): Float32Array {
  const bits = drawBits(address, images, valuesPerImage);
  const out = new Float32Array(bits.length);
  // A loop: `Float32Array.from` with a function is ten times slower.
  for (let i = 0; i < out.length; i++) out[i] = toUniform(bits[i]!);
  return out;
}

/** Uniform integers on [0, maxExclusive): bits mod range, as TensorFlow does. */
export function drawInt(
  address: RandomAddress,
  images: number,
  valuesPerImage: number,
  maxExclusive: number,
): Int32Array {
  return Int32Array.from(drawBits(address, images, valuesPerImage), (bits) => bits % maxExclusive);
}

/**
 * Standard normal by Box-Muller over pairs of words, as TensorFlow does; within 1e-6 of its float32 ones.
 */
export function drawNormal(address: RandomAddress, images: number, valuesPerImage: number): Float32Array {
  const stride = blocksPerImage(valuesPerImage) * 4;
  const words = philoxFill(address, new Uint32Array(images * stride));
  const out = new Float32Array(images * valuesPerImage);
  const pair = new Float32Array(2);
  for (let i = 0; i < images; i++) {
    for (let j = 0; j < valuesPerImage; j += 2) {
      boxMuller(words[i * stride + j]!, words[i * stride + j + 1]!, pair);
      out[i * valuesPerImage + j] = pair[0]!;
      if (j + 1 < valuesPerImage) out[i * valuesPerImage + j + 1] = pair[1]!;
    }
  }
  return out;
}

function toUniform(bits: number): number {
  return (bits & 0x7fffff) / 0x800000;
}

const EPSILON = Math.fround(1e-7);

function boxMuller(x0: number, x1: number, out: Float32Array): void {
  const u1 = Math.max(toUniform(x0), EPSILON);
  const v1 = Math.fround(2 * Math.PI * toUniform(x1));
  const u2 = Math.sqrt(-2 * Math.log(u1));
  out[0] = Math.sin(v1) * u2;
  out[1] = Math.cos(v1) * u2;
}
