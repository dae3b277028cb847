/**
 * Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; Random123), the generator that
 * TensorFlow calls algorithm 1. The float and int conversions are those of TensorFlow's stateless ops, so that a
 * graph and this file draw the same stream.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** Where a stream starts: key = (seed, purpose), counter = low + 2^64 * high in units of four words. */
export interface RandomAddress {
  /** uint32 */
  readonly seed: number;
  /** uint32, one of `Purpose` */
  readonly purpose: number;
  /** uint64: low half of the counter */
  readonly counter: bigint;
  /** uint64: high half of the counter; separates streams of one purpose (the step of a sampling chain, say) */
  readonly stream?: bigint;
}

const MASK32 = 0xffffffffn;

/** Writes `out.length` words: block j (four words) is Philox of counter + j. */
export function philoxFill(address: RandomAddress, out: Uint32Array): Uint32Array {
  let c0 = Number(address.counter & MASK32);
  let c1 = Number((address.counter >> 32n) & MASK32);
  let c2 = Number((address.stream ?? 0n) & MASK32);
  let c3 = Number(((address.stream ?? 0n) >> 32n) & MASK32);
  for (let at = 0; at < out.length; at += 4) {
    philoxBlock(c0, c1, c2, c3, address.seed >>> 0, address.purpose >>> 0, out, at);
    c0 = (c0 + 1) >>> 0;
    if (c0 === 0 && (c1 = (c1 + 1) >>> 0) === 0 && (c2 = (c2 + 1) >>> 0) === 0) c3 = (c3 + 1) >>> 0;
  }
  return out;
}

/** One block of four words into out[at..at+4); words past the end of `out` are dropped. */
export function philoxBlock(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at: number,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const lo0 = Math.imul(M0, c0) >>> 0;
    const hi0 = mulHigh(M0, c0);
    const lo1 = Math.imul(M1, c2) >>> 0;
    const hi1 = mulHigh(M1, c2);
    c0 = (hi1 ^ c1 ^ k0) >>> 0;
    c1 = lo1;
    c2 = (hi0 ^ c3 ^ k1) >>> 0;
    c3 = lo0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[at] = c0;
  if (at + 1 < out.length) out[at + 1] = c1;
  if (at + 2 < out.length) out[at + 2] = c2;
  if (at + 3 < out.length) out[at + 3] = c3;
}

/** The high 32 bits of a 32 x 32 bit product, in 16-bit halves: no partial sum passes 2^32, so all stays in int32. */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 16;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + carry) >>> 0;
}
