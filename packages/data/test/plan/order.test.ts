import { sampleAt } from '@ddpm-fleet/core';
import test from 'ava';
import { samplesAt } from '../../src/plan/index.js';

test('agrees with sampleAt, position by position, over epochs', (t) => {
  for (const size of [1, 2, 7, 100]) {
    for (const start of [0n, 3n, 6n, 99n, 2n ** 45n - 3n]) {
      const expected = Array.from({ length: 25 }, (_, i) => sampleAt(4, size, start + BigInt(i)));
      t.deepEqual([...samplesAt(4, size, start, 25)], expected);
    }
  }
});

test('none', (t) => {
  t.is(samplesAt(0, 10, 10n, 0).length, 0);
});
