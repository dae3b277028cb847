import test from 'ava';
import { fitLine } from '../../src/watching/fitLine.js';

test('a line that fits stays; another one ends where the terminal does', (t) => {
  t.is(fitLine('step 7/60', 9), 'step 7/60');
  t.is(fitLine('step 7/60', 8), 'step 7/…');
  t.is(fitLine('step 7/60', 1), '…');
  t.is(fitLine('', 0), '');
});

test('wide characters take two columns, accents none', (t) => {
  t.is(fitLine('日本語', 6), '日本語');
  t.is(fitLine('日本語', 5), '日本…');
  t.is(fitLine('e\u0301e\u0301', 2), 'e\u0301e\u0301');
  t.is(fitLine('😀😀', 3), '😀…');
});
