import test from 'ava';
import { partsLine } from '../../src/watching/partsLine.js';

test('parts in their order, as shares; what is nothing is left out', (t) => {
  const parts = { waiting: 12, compute: 70, exchange: 11, starting: 6.9, away: 0.001, idle: 0.1 };
  t.is(
    partsLine(parts),
    'goodput 81 %: starting 6.9 %, compute 70 %, waiting 12 %, exchange 11 %, idle 0.1 %',
  );
  t.is(partsLine({}), 'no worker has been here yet');
});
