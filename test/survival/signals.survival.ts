import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { inBackground, journal, live, until } from '../marathon/fleet.js';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const GRACE_SECONDS = 20;

async function startRun(t: ExecutionContext) {
  const root = scratch();
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, 'run');
  const set = [...TINY, '--set', `fleet.graceSeconds=${GRACE_SECONDS}`, '--set', 'checkpoint.everySteps=0'];
  const args = [
    'launch',
    'configs/quickstart.yaml',
    ...set,
    '--run-dir',
    dir,
    '--workers',
    '2',
    '--steps',
    '100000',
  ];
  const run = inBackground(args, join(root, 'launch.log'));
  t.teardown(() => run.child.kill('SIGTERM'));
  await until('the first steps', () => (live(dir)?.globalStep ?? 0) >= 5, 120_000);
  return { dir, run };
}

const saved = (dir: string) => journal(dir).filter(({ kind }) => kind === 'checkpoint');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.serial(`${signal} to launch saves the last step within graceSeconds and ends with 0`, async (t) => {
    t.timeout(240_000);
    const { dir, run } = await startRun(t);
    const asked = performance.now();
    run.child.kill(signal);
    t.is(await run.exited, 0);
    const seconds = (performance.now() - asked) / 1000;
    t.log(`${signal}: ended after ${seconds.toFixed(1)} s`);
    t.true(seconds <= GRACE_SECONDS);
    const last = journal(dir).findLast(({ kind }) => kind === 'step')!.globalStep! + 1;
    t.is(saved(dir).at(-1)!.globalStep, last);
    const status = await ddpmFleet(['status', dir, '--json']);
    t.like(JSON.parse(status.stdout), { isLive: false, globalStep: last });
    t.is((await ddpmFleet(['audit', dir])).code, 0);
  });
}

test.serial('SIGUSR1 to launch saves a checkpoint, and the run goes on', async (t) => {
  t.timeout(240_000);
  const { dir, run } = await startRun(t);
  t.is(saved(dir).length, 0);
  run.child.kill('SIGUSR1');
  await until('a checkpoint', () => saved(dir).length === 1, 20_000);
  const at = saved(dir)[0]!.globalStep!;
  await until('further steps', () => (live(dir)?.globalStep ?? 0) > at + 5, 30_000);
  const status = JSON.parse((await ddpmFleet(['status', dir, '--json'])).stdout);
  t.like(status, { isLive: true, newestCheckpoint: `step-${String(at).padStart(8, '0')}` });
  t.is(status.workers.length, 2);
  run.child.kill('SIGTERM');
  t.is(await run.exited, 0);
});
