import test from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes, Progress, withTicker } from '../../src/install/progress.js';

test('nothing is said in the first two seconds, then rate and time left', async (t) => {
  const said: string[] = [];
  const progress = new Progress('unpacking', 300e6, (line) => said.push(line));
  progress.update(50e6);
  t.deepEqual(said, []);
  await sleep(2050);
  progress.update(100e6);
  progress.update(101e6);
  t.is(said.length, 1);
  t.regex(said[0]!, /^unpacking: 100 MB of 300 MB, 4\d\.\d MB\/s, \d s left$/);
});

test('a task of unknown size says how long it has run', async (t) => {
  const said: string[] = [];
  t.is(
    await withTicker(
      'compiling',
      (line) => said.push(line),
      10,
      () => sleep(2200, 'done'),
    ),
    'done',
  );
  t.deepEqual(said, ['compiling: 2 s (usually 10 s)']);
});

test('bytes are said with three digits', (t) => {
  t.deepEqual([0, 999, 1000, 45_600_000, 274_000_871, 6.5e9].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '45.6 MB',
    '274 MB',
    '6.5 GB',
  ]);
});
