import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { isFleetError } from '@ddpm-fleet/core';
import { claimRun, type Claim, type ClaimOptions } from '../../src/claim/index.js';
import { here } from '../../src/claim/here.js';

const HOLDER = fileURLToPath(new URL('holder.js', import.meta.url));
const ELSEWHERE = { ...here(), host: 'elsewhere', boot: 'another', pidNamespace: 'another' };
const NEXT_CONTAINER = { ...here(), host: 'container', pid: 1, pidNamespace: 'another' };

/** What claims one run; the directory's path is longer than that of a socket may be. */
function contested(t: ExecutionContext): (more?: Partial<ClaimOptions>) => Promise<Claim> {
  const runDir = join(mkdtempSync(join(tmpdir(), 'ddpm-claim-')), 'r'.repeat(120));
  t.teardown(() => rmSync(join(runDir, '..'), { recursive: true, force: true }));
  mkdirSync(runDir);
  return async (more = {}) => {
    const claim = await claimRun({
      ...{ runDir, directory: join(runDir, 'claims'), role: 'coordinator', expiryMs: 800, renewMs: 100 },
      ...more,
    });
    t.teardown(() => claim.release());
    return claim;
  };
}

async function held(t: ExecutionContext, directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOLDER, '/runs/held', directory]);
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

const refusal = async (t: ExecutionContext, claim: Promise<Claim>): Promise<string> => {
  const error = await t.throwsAsync(claim);
  t.true(isFleetError(error, 'DDPM_ERR_RUN_LIVE'), error.message);
  return error.message;
};

test('whoever comes second is told who owns the run, in whatever container of the host it is', async (t) => {
  const claim = contested(t);
  await claim();
  for (const other of [here(), NEXT_CONTAINER])
    t.regex(
      await refusal(t, claim({ here: other })),
      new RegExp(`coordinator on ${here().host}, pid ${process.pid}, for \\d+ s`),
    );
  await t.notThrowsAsync(claim({ role: 'launch' }), 'another role is another claim');
});

test('of many that claim at once one gets the run, again and again', async (t) => {
  const claim = contested(t);
  for (let round = 0; round < 5; round++) {
    const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claim()));
    const [owner, ...others] = claims.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    t.is(others.length, 0);
    t.notThrows(() => owner!.check());
    owner!.release();
  }
});

test('after a death on the same host nobody waits, and nothing is left of the dead', async (t) => {
  const directory = join(mkdtempSync(join(tmpdir(), 'ddpm-claim-')), 'claims');
  const child = await held(t, directory);
  const next = (other = here()) =>
    claimRun({ runDir: '/runs/held', directory, role: 'coordinator', here: other });
  await refusal(t, next());
  // One that is stopped may go on: it lives.
  child.kill('SIGSTOP');
  await refusal(t, next(NEXT_CONTAINER));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const began = performance.now();
  const claim = await next(NEXT_CONTAINER);
  t.true(performance.now() - began < 500);
  t.false(claim.isTakenOver);
  t.is(claim.epoch, 2);
  t.is(readdirSync(directory).length, 2);
  claim.release();
});

test('an owner on another host keeps its run while it says so, and leaves it at once when it ends', async (t) => {
  const claim = contested(t);
  const first = await claim();
  const waits: string[] = [];
  const there = { here: ELSEWHERE, onWait: (text: string) => void waits.push(text) };
  await refusal(t, claim(there));
  t.regex(waits.join(), /waiting for up to 0\.8 s/);
  first.release();
  t.like(await claim(there), { epoch: 2, isTakenOver: false });
  t.is(waits.length, 1);
});

test('an owner on another host that is silent for too long is displaced, and finds out', async (t) => {
  const claim = contested(t);
  const silent = await claim({ renewMs: 60_000 });
  const next = await claim({ here: ELSEWHERE });
  t.like(next, { epoch: 2, isTakenOver: true });
  const error = t.throws(() => silent.check());
  t.true(isFleetError(error, 'DDPM_ERR_RUN_DISPLACED'), error.message);
  t.is((await silent.lost).message, error!.message);
  silent.release();
  t.notThrows(() => next.check());
});

test('an owner that was displaced while it slept finds out by itself', async (t) => {
  const claim = contested(t);
  const first = await claim({ renewMs: 1500 });
  await claim({ here: ELSEWHERE });
  // A claim does not keep its process running.
  const running = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(running));
  t.regex((await first.lost).message, /taken over by another coordinator on elsewhere/);
});

/** A claim as somebody left it. */
function left(t: ExecutionContext, change: (text: string) => string): ReturnType<typeof contested> {
  const runDir = mkdtempSync(join(tmpdir(), 'ddpm-claim-'));
  t.teardown(() => rmSync(runDir, { recursive: true, force: true }));
  const record = { role: 'coordinator', ...here(), since: '2026-01-01T00:00:00Z', lock: null };
  writeFileSync(join(runDir, 'coordinator.000007.json'), change(JSON.stringify(record)));
  return (more = {}) => claimRun({ runDir, directory: runDir, role: 'coordinator', expiryMs: 500, ...more });
}

test('where a file system has no sockets the number and the start of a process decide', async (t) => {
  await refusal(t, left(t, (text) => text)());
  const reused = left(t, (text) => text.replace(/"startTicks":\d+/, '"startTicks":1'));
  const claim = await reused();
  t.like(claim, { epoch: 8, isTakenOver: false });
  claim.release();
});

test('a claim that is not whole, or of a namespace that cannot be looked into, is waited for', async (t) => {
  for (const change of [
    () => '',
    (text: string) => text.replace(/"pidNamespace":"[^"]*"/, '"pidNamespace":"?"'),
  ]) {
    const claim = await left(t, change)();
    t.like(claim, { epoch: 8, isTakenOver: true });
    claim.release();
  }
});

test('the claim is a file that people can read', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ddpm-claim-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const claim = await claimRun({ runDir: directory, directory, role: 'launch' });
  const read = () => JSON.parse(readFileSync(join(directory, 'launch.000001.json'), 'utf8')) as object;
  t.like(read(), { role: 'launch', host: here().host, pid: process.pid, isReleased: false });
  claim.release();
  t.like(read(), { isReleased: true });
});
