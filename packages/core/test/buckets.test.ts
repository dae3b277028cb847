import test from 'ava';
import { bucketsOf } from '../src/index.js';

test('buckets follow each other, cover all elements, and only the last is shorter', (t) => {
  for (const [size, bytes] of [
    [10, 16],
    [8, 16],
    [1, 4],
    [3, 4096],
    [1000, 52],
  ] as const) {
    const buckets = bucketsOf(size, bytes);
    t.deepEqual(
      buckets.map(({ index }) => index),
      [...buckets.keys()],
    );
    t.deepEqual(
      buckets.map(({ start }) => start),
      [0, ...buckets.slice(0, -1).map(({ end }) => end)],
    );
    t.is(buckets.at(-1)!.end, size);
    t.true(buckets.slice(0, -1).every(({ start, end }) => (end - start) * 4 === bytes));
  }
});

test('no elements, no buckets', (t) => {
  t.deepEqual(bucketsOf(0, 16), []);
});

test('bytes that are no whole floats are refused', (t) => {
  for (const bytes of [0, -4, 2, 6, NaN]) t.throws(() => bucketsOf(8, bytes), { instanceOf: RangeError });
});
