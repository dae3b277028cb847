import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readLive } from '../../src/launch/live.js';

test('a live.json that is older than the process with its pid was written by another one', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-live-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'live.json');
  writeFileSync(path, JSON.stringify({ pid: process.pid }));
  t.is(readLive(dir)?.pid, process.pid);
  const before = Date.now() / 1000 - 24 * 3600;
  utimesSync(path, before, before);
  t.is(readLive(dir), undefined);
});
