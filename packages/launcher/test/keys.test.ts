import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeKeys } from '../src/index.js';
import { scratch } from './fixtures.js';

test('keys are readable by their owner alone, made once, and made anew when one is lost', async (t) => {
  const dir = join(await scratch(t), 'keys');
  const files = makeKeys(dir);
  for (const file of Object.values(files)) t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(dir).mode & 0o777, 0o700);
  const [coordinator, worker, reader] = Object.values(files).map((file) =>
    JSON.parse(readFileSync(file, 'utf8')),
  );
  t.deepEqual(coordinator.allowed, { worker: worker.publicKey });
  t.deepEqual(coordinator.readers, { reader: reader.publicKey });
  t.is(worker.serverKey, coordinator.publicKey);
  t.is(new Set([coordinator, worker, reader].map(({ secretKey }) => secretKey)).size, 3);

  const before = readFileSync(files.worker, 'utf8');
  makeKeys(dir);
  t.is(readFileSync(files.worker, 'utf8'), before);
  rmSync(files.reader);
  makeKeys(dir);
  t.not(readFileSync(files.worker, 'utf8'), before);
});
