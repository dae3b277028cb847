import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { journal, live } from '../marathon/fleet.js';
import { ddpmFleet, scratch } from '../support/cli.js';
import { until } from '../support/processes.js';
import { TINY } from '../support/tinyRun.js';

const PATIENCE_MS = 240_000;

/** A run of two workers that was detached, at some step. */
async function detached(): Promise<{ dir: string; launcher: number; words: () => string }> {
  const dir = join(scratch(), 'run');
  const args = [...TINY, '--set', 'checkpoint.everySteps=0', '--set', 'fleet.graceSeconds=60'];
  const run = await ddpmFleet(
    [
      'launch',
      'configs/quickstart.yaml',
      ...args,
      '--run-dir',
      dir,
      '--workers',
      '2',
      '--steps',
      '100000',
      '--detach',
    ],
    { timeoutMs: PATIENCE_MS },
  );
  const launcher = Number(/launcher pid (\d+)/.exec(run.stdout)?.[1]);
  if (!(launcher > 0)) throw new Error(run.stdout + run.stderr);
  const words = () => readFileSync(join(dir, 'logs', 'launch.log'), 'utf8');
  return { dir, launcher, words };
}

const stepsOf = (dir: string) => journal(dir).filter(({ kind }) => kind === 'step').length;
const savedOf = (dir: string) => journal(dir).filter(({ kind }) => kind === 'checkpoint');
const reach = (dir: string, steps: number) =>
  until(
    () => existsSync(join(dir, 'journal.ndjson')) && stepsOf(dir) >= steps,
    `${steps} steps`,
    PATIENCE_MS,
  );

test('a detached run: a second launch is refused, a hangup saves, a drained worker is missed by nobody, a stop after a death saves all', async (t) => {
  t.timeout(2 * PATIENCE_MS);
  const { dir, launcher, words } = await detached();
  t.teardown(() => {
    try {
      process.kill(launcher, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  });
  await until(() => live(dir)?.workers?.length === 2, 'two workers', PATIENCE_MS);
  await reach(dir, 3);
  const other = await ddpmFleet(
    ['launch', 'configs/quickstart.yaml', ...TINY, '--run-dir', dir, '--resume', 'auto', '--steps', '9'],
    { timeoutMs: PATIENCE_MS },
  );
  t.is(other.code, 1, other.stderr);
  t.regex(
    other.stderr,
    /this run is going on already: coordinator on \S+, pid \d+, for \d+ (s|min)\..*RUN_LIVE/,
  );
  process.kill(launcher, 'SIGHUP');
  await until(() => savedOf(dir).length === 1, 'a checkpoint after the hangup', PATIENCE_MS);
  const drained = await ddpmFleet(['drain', dir, 'worker-1'], { timeoutMs: PATIENCE_MS });
  t.is(drained.code, 0, drained.stderr);
  await reach(dir, stepsOf(dir) + 5);
  t.notRegex(words(), /waiting for workers: 1 of 2/);
  process.kill(live(dir)!.pid!, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(launcher, 'SIGTERM');
  await until(() => /^(stopped|error): /m.test(words()), 'the end', PATIENCE_MS);
  t.regex(words(), /^stopped: SIGTERM$/m);
  // A step whose commit nobody heard of before the coordinator died is gone back over: no worker held its state.
  const { kind, globalStep } = journal(dir).findLast((line) => ['step', 'rewind'].includes(line.kind))!;
  const last = kind === 'step' ? globalStep! + 1 : globalStep!;
  t.is(savedOf(dir).at(-1)!.globalStep, last, words());
  const audit = await ddpmFleet(['audit', dir], { timeoutMs: PATIENCE_MS });
  t.is(audit.code, 0, audit.stderr);
});
