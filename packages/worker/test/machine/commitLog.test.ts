import { createHash } from 'node:crypto';
import test from 'ava';
import { LIMITS } from '@ddpm-fleet/protocol';
import { CommitLog } from '../../src/machine/commitLog.js';

test('the last 64 commits are kept, and the head is the hash of the last line', (t) => {
  const log = new CommitLog();
  t.is(log.head, null);
  for (let step = 0; step < 100; step++) log.add(step, [`note ${step}`, `step ${step}`]);
  t.is(log.head, createHash('sha256').update('step 99').digest('hex'));
  t.is(log.since(0).length, 128);
  t.is(log.since(0)[0], 'note 36');
  t.deepEqual(log.since(98), ['note 98', 'step 98', 'note 99', 'step 99']);
  t.deepEqual(log.since(100), []);
  log.clear();
  t.is(log.head, null);
});

test('of lines too long for one message the newest are given', (t) => {
  const log = new CommitLog();
  const long = 'x'.repeat(LIMITS.controlBytes / 8);
  for (let step = 0; step < 20; step++) log.add(step, [long, `step ${step}`]);
  const lines = log.since(0);
  t.is(lines.at(-1), 'step 19');
  t.true(lines.length >= 4 && lines.length <= 8);
  t.is(lines[0], long, 'a commit is given whole or not at all');
});
