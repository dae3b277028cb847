import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { newKeyPair } from '@ddpm-fleet/transport';
import { live, logOf, makeRun, startFleet, until } from './fleet.js';

const SET = ['train.steps=1', 'checkpoint.everySteps=0'];

/** Key files of a coordinator, of a worker that it knows, and of one that it does not. */
function writeKeys(dir: string) {
  const [server, known, stranger] = [newKeyPair(), newKeyPair(), newKeyPair()];
  const write = (name: string, keys: object) => {
    const file = join(dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
    return file;
  };
  const serverKey = server.publicKey;
  return {
    coordinator: write('coordinator', { ...server, allowed: { 'worker-0': known.publicKey } }),
    known: write('worker-0', { ...known, serverKey }),
    stranger: write('stranger', { ...stranger, serverKey }),
  };
}

test.serial('a key on the allow-list is let in', async (t) => {
  t.timeout(120_000);
  const dir = await makeRun(t, SET);
  const keys = writeKeys(dir);
  const fleet = startFleet(t, dir, 1, { keys: { coordinator: keys.coordinator, worker: keys.known } });
  t.like(await fleet.run.ended, { kind: 'done' });
});

test.serial('another key is refused in words on both sides, and nothing hangs', async (t) => {
  t.timeout(120_000);
  const dir = await makeRun(t, SET);
  const keys = writeKeys(dir);
  const fleet = startFleet(t, dir, 1, { keys: { coordinator: keys.coordinator, worker: keys.stranger } });
  const end = await fleet.run.ended;
  t.like(end, { kind: 'failed', exitCode: 2 });
  t.regex(end.tail!, /authentication refused/);
  t.regex(logOf(dir, 'coordinator'), /refused/);
});

test.serial('a worker of another run is refused with the reason', async (t) => {
  t.timeout(120_000);
  const dir = await makeRun(t, [...SET, 'train.steps=1000']);
  const { record } = runPaths(dir);
  const known = JSON.parse(readFileSync(record, 'utf8'));
  writeFileSync(record, JSON.stringify({ ...known, identityHash: 'a'.repeat(64) }));
  const fleet = startFleet(t, dir, 1);
  await until(() => live(dir));
  const end = await fleet.run.ended;
  t.like(end, { kind: 'failed', exitCode: 2, restarts: 0 });
  t.regex(end.tail!, /identity/);
  t.regex(logOf(dir, 'coordinator'), /worker-0 was refused/);
});
