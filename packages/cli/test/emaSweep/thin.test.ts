import test from 'ava';
import { evenly } from '../../src/emaSweep/thin.js';

test('what is kept is spread evenly, and the last is always kept', (t) => {
  const steps = Array.from({ length: 40 }, (_, i) => 25 * (i + 1));
  t.deepEqual(evenly(steps, 4), [250, 500, 750, 1000]);
  t.deepEqual(evenly(steps, 1), [1000]);
  t.deepEqual(evenly(steps, 40), steps);
  t.deepEqual(evenly([3, 4, 5], 10), [3, 4, 5]);
  t.deepEqual(
    evenly([1, 2, 3, 900, 1000], 3),
    [3, 900, 1000],
    'each once, though two are wanted of the same',
  );
});
