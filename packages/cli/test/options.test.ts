import test from 'ava';
import { fraction, positiveInteger } from '../src/options.js';

test('whole numbers as people write them, and nothing that parses by accident', (t) => {
  t.deepEqual(['1', '64', '1e3', '007'].map(positiveInteger), [1, 64, 1000, 7]);
  for (const text of ['', ' ', ' 5', '0', '-1', '1.5', '0x10', '0b1', '1_000', '1,000', '1e400', '１']) {
    t.throws(() => positiveInteger(text), { message: /whole number/ }, text);
  }
});

test('fractions likewise', (t) => {
  t.deepEqual(['0', '1', '.5', '0.995', '1e-3'].map(fraction), [0, 1, 0.5, 0.995, 0.001]);
  for (const text of ['', ' ', '0x1', '1.1', '-0.1', '0,5', 'NaN', '0.5 ']) {
    t.throws(() => fraction(text), { message: /0 to 1/ }, text);
  }
});
