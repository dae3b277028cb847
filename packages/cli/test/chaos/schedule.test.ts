import test from 'ava';
import { faultAt, type Target } from '../../src/chaos/schedule.js';

const WEIGHTS = { worker: 10, coordinator: 1, stop: 2 };

test('a seed is a schedule', (t) => {
  const schedule = (seed: number) => Array.from({ length: 50 }, (_, k) => faultAt(seed, k, 1000, WEIGHTS));
  t.deepEqual(schedule(3), schedule(3));
  t.notDeepEqual(schedule(3), schedule(4));
});

test('faults come as often as asked, at moments that nobody can guess', (t) => {
  const faults = Array.from({ length: 2600 }, (_, k) => faultAt(1, k, 1000, WEIGHTS));
  const count = (target: Target) => faults.filter((fault) => fault.target === target).length;
  t.is(count('all'), 0);
  t.true(Math.abs(count('worker') - 2000) < 120, `${count('worker')}`);
  t.true(Math.abs(count('coordinator') - 200) < 60, `${count('coordinator')}`);
  t.true(Math.abs(count('stop') - 400) < 80, `${count('stop')}`);
  const times = faults.map(({ afterMs }) => afterMs);
  t.true(Math.min(...times) >= 500 && Math.max(...times) <= 1500);
  const mean = times.reduce((a, b) => a + b) / times.length;
  t.true(Math.abs(mean - 1000) < 25, `${mean}`);
  t.true(new Set(times).size > 2500);
});
