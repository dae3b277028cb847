import test from 'ava';
import { findNonFinite } from '../src/nonFinite.js';

const T = Int32Array.of(3, 7, 9);

test('finite slots have nothing to report', (t) => {
  t.is(findNonFinite(0, 0n, Float32Array.of(1, 2, 3), T, 5), undefined);
});

test('a loss that is not finite is named by slot, position and t', (t) => {
  t.deepEqual(findNonFinite(4, 100n, Float32Array.of(1, NaN, Infinity), T, NaN), {
    slot: 4,
    what: 'loss',
    positions: [101n, 102n],
    t: [7, 9],
  });
});

test('a gradient that is not finite under finite losses names the whole slot', (t) => {
  t.deepEqual(findNonFinite(1, 10n, Float32Array.of(1, 2, 3), T, Infinity), {
    slot: 1,
    what: 'gradient',
    positions: [10n, 11n, 12n],
    t: [3, 7, 9],
  });
});
