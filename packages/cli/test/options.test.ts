import { homedir } from 'node:os';
import test from 'ava';
import { expandHome, fraction, positiveInteger } from '../src/options.js';

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

test('a shell leaves the home directory behind --out= to us, and nothing else', (t) => {
  t.is(expandHome('--out=~/x/y.png'), `--out=${homedir()}/x/y.png`);
  t.is(expandHome('--data-path=~/x'), `--data-path=${homedir()}/x`);
  for (const text of ['--out=~x', '--out=a~/x', '~/x', '--out', 'run~/x=~/y']) t.is(expandHome(text), text);
});
