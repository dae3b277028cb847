import test from 'ava';
import { packBfloat16, roundToBfloat16, unpackBfloat16 } from '../src/index.js';

const fromBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer);
const pack = (bits: number) => packBfloat16(fromBits(bits))[0]!;

test('rounds to nearest, ties to even', (t) => {
  t.is(pack(0x3f800000), 0x3f80);
  t.is(pack(0x3f807fff), 0x3f80, 'below half goes down');
  t.is(pack(0x3f808000), 0x3f80, 'half goes to the even one: down');
  t.is(pack(0x3f818000), 0x3f82, 'half goes to the even one: up');
  t.is(pack(0x3f808001), 0x3f81, 'above half goes up');
  t.is(pack(0xbf818000), 0xbf82, 'the same for negative numbers');
  t.is(pack(0x3fffffff), 0x4000, 'carries into the exponent');
});

test('zeros, subnormals, infinities, overflow', (t) => {
  t.is(pack(0x00000000), 0x0000);
  t.is(pack(0x80000000), 0x8000);
  t.is(pack(0x00000001), 0x0000);
  t.is(pack(0x0000ffff), 0x0001, 'a subnormal rounds to a subnormal');
  t.is(pack(0x7f800000), 0x7f80);
  t.is(pack(0xff800000), 0xff80);
  t.is(pack(0x7f7fffff), 0x7f80, 'the largest float32 is beyond the largest bfloat16');
});

test('every NaN stays a NaN', (t) => {
  for (const bits of [0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff, 0x7f80ffff]) {
    t.true(Number.isNaN(unpackBfloat16(Uint16Array.of(pack(bits)))[0]), bits.toString(16));
  }
});

test('all 65,536 patterns survive the way out and back', (t) => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = packBfloat16(unpackBfloat16(patterns));
  const isNaNPattern = (p: number) => (p & 0x7fff) > 0x7f80;
  t.true(patterns.every((p, i) => back[i] === (isNaNPattern(p) ? p | 0x40 : p)));
});

test('rounding is what packing and unpacking give, in place or not, at any offset', (t) => {
  const values = Float32Array.from({ length: 1000 }, (_, i) =>
    Math.fround(Math.sin(i) * 10 ** ((i % 60) - 30)),
  );
  const expected = unpackBfloat16(packBfloat16(values));
  t.deepEqual(roundToBfloat16(values), expected);
  const shifted = new Float32Array(1001).subarray(1);
  shifted.set(values);
  t.is(roundToBfloat16(shifted, shifted), shifted);
  t.deepEqual([...shifted], [...expected]);
});

test('each rounded value is the nearest bfloat16', (t) => {
  for (let i = 1; i < 2000; i++) {
    const value = Math.fround(Math.tan(i));
    const pattern = packBfloat16(Float32Array.of(value))[0]!;
    const at = (p: number) => unpackBfloat16(Uint16Array.of(p))[0]!;
    const error = Math.abs(at(pattern) - value);
    t.true(
      error <= Math.abs(at(pattern + 1) - value) && error <= Math.abs(at(pattern - 1) - value),
      `${value}`,
    );
  }
});
