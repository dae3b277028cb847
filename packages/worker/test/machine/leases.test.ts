import test from 'ava';
import { Leases } from '../../src/machine/leases.js';

const spans = (leases: Leases, step: number) =>
  leases.owed(step).map(({ start, end, generation }) => [start, end, generation]);

test('a run is owed as its maximal subtrees, in slot order', (t) => {
  const leases = new Leases(8);
  leases.add(3, 7, [{ start: 1, end: 7 }]);
  t.deepEqual(spans(leases, 7), [
    [1, 2, 3],
    [2, 4, 3],
    [4, 6, 3],
    [6, 7, 3],
  ]);
  t.deepEqual(spans(leases, 8), []);
});

test('runs that touch are not joined', (t) => {
  const leases = new Leases(4);
  leases.add(1, 0, [
    { start: 0, end: 1 },
    { start: 1, end: 2 },
  ]);
  leases.add(1, 0, [{ start: 2, end: 4 }]);
  t.deepEqual(spans(leases, 0), [
    [0, 1, 1],
    [1, 2, 1],
    [2, 4, 1],
  ]);
});

test('what is finished is not owed, until it is leased again', (t) => {
  const leases = new Leases(4);
  leases.add(1, 0, [{ start: 0, end: 4 }]);
  const [whole] = leases.owed(0);
  leases.finish(0, whole!.node);
  t.deepEqual(spans(leases, 0), []);
  t.is(leases.find(0, whole!.node), undefined);
  leases.add(2, 0, [{ start: 0, end: 4 }]);
  t.deepEqual(spans(leases, 0), [[0, 4, 2]]);
});

test('a newer lease takes its slots out of an older one', (t) => {
  const leases = new Leases(8);
  leases.add(1, 0, [{ start: 0, end: 8 }]);
  leases.add(2, 0, [{ start: 2, end: 4 }]);
  t.deepEqual(spans(leases, 0), [
    [0, 2, 1],
    [2, 4, 2],
    [4, 8, 1],
  ]);
});

test('an abort takes back runs, or everything', (t) => {
  const leases = new Leases(8);
  leases.add(1, 0, [{ start: 0, end: 8 }]);
  leases.abort(0, [{ start: 0, end: 4 }]);
  t.deepEqual(spans(leases, 0), [[4, 8, 1]]);
  leases.abort(1, []);
  t.is(leases.owed(0).length, 1);
  leases.abort(0, []);
  t.deepEqual(spans(leases, 0), []);
});

test('steps that are over are forgotten', (t) => {
  const leases = new Leases(4);
  for (const step of [4, 5, 6]) leases.add(1, step, [{ start: 0, end: 2 }]);
  leases.forgetBefore(6);
  t.deepEqual(
    [4, 5, 6].map((step) => leases.owed(step).length),
    [0, 0, 1],
  );
  leases.clear();
  t.is(leases.owed(6).length, 0);
});
