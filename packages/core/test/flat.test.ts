import test from 'ava';
import { addInto, bytesOf, firstNonFinite } from '../src/index.js';

test('addInto rounds each sum to float32 and returns the left side', (t) => {
  const left = Float32Array.of(2 ** 24, 0.1, -1);
  t.is(addInto(left, Float32Array.of(1, 0.2, 1)), left);
  t.deepEqual([...left], [2 ** 24, Math.fround(Math.fround(0.1) + Math.fround(0.2)), 0]);
});

test('bytesOf is a view of exactly the array', (t) => {
  const array = Float32Array.of(1, 2, 3).subarray(1, 2);
  const bytes = bytesOf(array);
  t.deepEqual([...bytes], [0, 0, 0, 0x40]);
  bytes[3] = 0xc0;
  t.is(array[0], -2);
});

test('firstNonFinite', (t) => {
  t.is(firstNonFinite(Float32Array.of(0, 1, -3e38)), -1);
  t.is(firstNonFinite(Float32Array.of(0, NaN, Infinity)), 1);
  t.is(firstNonFinite(Float32Array.of(-Infinity)), 0);
});
