import test from 'ava';
import { Fingerprint } from '../src/fingerprint.js';

const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));

test('a fixed value for fixed bits', (t) => {
  t.is(new Fingerprint().update(Float32Array.of(1, -2, 0.5)).value(), expected(Float32Array.of(1, -2, 0.5)));
});

/** The definition, in BigInt. */
function expected(buffer: Float32Array): bigint {
  const bits = new Uint32Array(buffer.buffer);
  const mix = (value: number): bigint => {
    let x = BigInt(value >>> 0);
    const times = (factor: bigint): bigint => (x * factor) & 0xffffffffn;
    x ^= x >> 16n;
    x = times(0x85ebca6bn);
    x ^= x >> 13n;
    x = times(0xc2b2ae35n);
    return (x ^ (x >> 16n)) | 1n;
  };
  let [low, high] = [0n, 0n];
  bits.forEach((b, i) => {
    low += BigInt(b) * mix(i);
    high += BigInt(b) * mix(~i);
  });
  return ((high & 0xffffffffn) << 32n) | (low & 0xffffffffn);
}

test('any one bit changes it, and so does the order', (t) => {
  const base = new Fingerprint().update(values).value();
  for (const bit of [0, 1, 15, 22, 23, 30, 31]) {
    const other = values.slice();
    const bits = new Int32Array(other.buffer);
    bits[137] = bits[137]! ^ (1 << bit);
    t.not(new Fingerprint().update(other).value(), base, `bit ${bit}`);
  }
  t.not(new Fingerprint().update(values.slice().reverse()).value(), base);
});

test('how the state is cut into buffers does not matter', (t) => {
  const whole = new Fingerprint().update(values).value();
  t.is(new Fingerprint().update(values.subarray(0, 333)).update(values.subarray(333)).value(), whole);
});
