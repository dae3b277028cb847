import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { localDriver } from '@ddpm-fleet/launcher';
import {
  digestOf,
  journal,
  live,
  logOf,
  makeRun,
  planOf,
  startFleet,
  train,
  until,
  writeRun,
  type Fleet,
} from './fleet.js';

const STEPS = 40;
const SET = [
  `train.steps=${STEPS}`,
  'checkpoint.everySteps=10',
  'checkpoint.everySeconds=0',
  'log.heldOutEvery=16',
];

let undisturbed: Promise<string> | undefined;

/** The digest of the same run when nothing happens to it. */
function expected(t: Parameters<typeof makeRun>[0]): Promise<string> {
  undisturbed ??= (async () => {
    const dir = await makeRun(t, SET);
    await train(t, dir, 1);
    return digestOf(dir);
  })();
  return undisturbed;
}

async function reach(fleet: Fleet, globalStep: number): Promise<void> {
  await until(() => (live(fleet.dir)?.globalStep ?? 0) >= globalStep);
}

/** Members by what the coordinator last wrote; a process that was replaced since does not count. */
function active(fleet: Fleet): number {
  const workers = live(fleet.dir)?.workers ?? [];
  return workers.filter(({ id, pid, state }) => state === 'active' && pid === fleet.pid(id)).length;
}

/** The process gets no further: whatever it holds at this moment is lost. */
function kill(fleet: Fleet, id: string): void {
  process.kill(fleet.pid(id), 'SIGKILL');
}

/** Minutes together: `npm run survival` has them as well. */
const long = process.env['DDPM_TEST_LONG'] ? test.serial : test.serial.skip;

long('workers killed in mid-step lose no sample: same digest', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  // The run waits for the killed one, so that it is not over before the next is to be killed.
  const fleet = startFleet(t, await makeRun(t, [...SET, 'fleet.minWorkers=3']), 3);
  for (const [step, id] of [
    [2, 'worker-0'],
    [3, 'worker-2'],
    [4, 'worker-1'],
  ] as const) {
    await reach(fleet, step);
    await until(() => active(fleet) === 3);
    const pid = fleet.pid(id);
    kill(fleet, id);
    await until(() => fleet.pid(id) !== pid);
  }
  const end = await fleet.run.ended;
  t.like(end, { kind: 'done', restarts: 3 }, end.tail);
  t.is(await digestOf(fleet.dir), digest);
  const steps = journal(fleet.dir).filter(({ kind }) => kind === 'step');
  t.deepEqual(
    steps.map(({ globalStep }) => globalStep),
    Array.from({ length: STEPS }, (_, i) => i),
    'every step once',
  );
});

test.serial('the coordinator is killed and comes back; its workers kept the state', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const fleet = startFleet(t, await makeRun(t, SET), 2);
  await reach(fleet, 6);
  kill(fleet, 'coordinator');
  t.like(await fleet.run.ended, { kind: 'done', restarts: 1 });
  t.is(await digestOf(fleet.dir), digest);
  t.is(journal(fleet.dir).filter(({ kind }) => kind === 'rewind').length, 0);
});

long('commits that the journal lost with the power are taken from a worker', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const dir = await makeRun(t, SET);
  const plan = planOf(dir, 2);
  const driver = localDriver({ graceMs: 1000 });
  t.teardown(() => driver.close());
  const first = await driver.start(plan.coordinator);
  const workers = await Promise.all(plan.workers.map((spec) => driver.start(spec)));
  await until(() => (live(dir)?.globalStep ?? 0) >= 12);
  await first.signal('SIGKILL');
  await first.exited;
  const file = runPaths(dir).journal;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${lines.slice(0, -5).join('\n')}\n`);
  const second = await driver.start(plan.coordinator);
  t.is((await second.exited).code, 0);
  t.deepEqual(await Promise.all(workers.map(async ({ exited }) => (await exited).code)), [0, 0]);
  t.is(await digestOf(dir), digest);
  t.regex(logOf(dir, 'coordinator'), /commits that the journal had lost were taken from a worker/);
  t.is(journal(dir).filter(({ kind }) => kind === 'rewind').length, 0);
});

test.serial('all workers are killed at once: the run goes back to a checkpoint', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const fleet = startFleet(t, await makeRun(t, SET), 2);
  await reach(fleet, 14);
  kill(fleet, 'worker-0');
  kill(fleet, 'worker-1');
  t.like(await fleet.run.ended, { kind: 'done', restarts: 2 });
  t.is(await digestOf(fleet.dir), digest);
  t.is(journal(fleet.dir).filter(({ kind }) => kind === 'rewind').length, 1);
});

long('stopped and resumed elsewhere, the run gives the same state', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const dir = await makeRun(t, [...SET, 'train.steps=15']);
  await train(t, dir, 2);
  await writeRun(dir, SET);
  await train(t, dir, 3);
  t.is(await digestOf(dir), digest);
});

long('a worker that is asked to leave hands its slots back', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const fleet = startFleet(t, await makeRun(t, SET), 2);
  await reach(fleet, 3);
  process.kill(fleet.pid('worker-0'), 'SIGTERM');
  t.like(await fleet.run.ended, { kind: 'done', restarts: 0 }, JSON.stringify(fleet.events));
  t.is(await digestOf(fleet.dir), digest);
  t.true(logOf(fleet.dir, 'worker-0').includes('asked to leave'));
});

long('a worker that stops answering is replaced, and healed when it comes back', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const fleet = startFleet(t, await makeRun(t, SET), 2);
  await reach(fleet, 3);
  process.kill(fleet.pid('worker-1'), 'SIGSTOP');
  await reach(fleet, 5);
  process.kill(fleet.pid('worker-1'), 'SIGCONT');
  t.like(await fleet.run.ended, { kind: 'done', restarts: 0 }, JSON.stringify(fleet.events));
  t.is(await digestOf(fleet.dir), digest);
});

test.serial('SIGTERM to the run leaves a checkpoint of the last step', async (t) => {
  t.timeout(300_000);
  const digest = await expected(t);
  const dir = await makeRun(t, SET);
  const fleet = startFleet(t, dir, 2);
  await reach(fleet, 12);
  fleet.run.stop('SIGTERM');
  t.like(await fleet.run.ended, { kind: 'stopped' });
  const last = journal(dir).findLast(({ kind }) => kind === 'step')!.globalStep + 1;
  t.is(journal(dir).findLast(({ kind }) => kind === 'checkpoint')!.globalStep, last);
  await train(t, dir, 1);
  t.is(await digestOf(dir), digest);
});
