import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { expected, Scene, STEPS } from './scene.js';

test.serial(
  'kill -9 of workers in the middle of steps: noticed at once, their slots go to others',
  async (t) => {
    t.timeout(600_000);
    await expected(t);
    const scene = await Scene.open(t, ['fleet.minWorkers=2']);
    await scene.coordinator();
    for (const k of [0, 1, 2]) await scene.worker(k);
    const kills: number[] = [];
    for (let k = 0; k < 3; k++) {
      await scene.active(3);
      await scene.reach(5 + 10 * k);
      await sleep(37 * (k + 1));
      kills.push(scene.signal(`worker-${k}`, 'SIGKILL'));
      await scene.worker(k);
    }
    await scene.endsWell();
    const noticed = kills.map((at, k) => scene.noticedAfter(`worker-${k}`, at));
    t.log(`3 killed, noticed after ${noticed.join(', ')} ms`);
    t.true(noticed.every((ms) => ms <= 2000));
    const steps = scene.journal().filter(({ kind }) => kind === 'step');
    t.is(steps.length, STEPS, 'the run never went back');
  },
);

test.serial('a worker that is far slower than the rest: its slots are leased again', async (t) => {
  t.timeout(600_000);
  await expected(t);
  const scene = await Scene.open(t);
  await scene.coordinator();
  for (const k of [0, 1]) await scene.worker(k);
  await scene.active(2);
  let stops = 0;
  // Stopped for 1.2 s at a time: too short to be taken for dead, so long that nobody would wait for it.
  for (const at of [10, 20, 30, 40]) {
    await scene.reach(at);
    scene.signal('worker-1', 'SIGSTOP');
    stops++;
    await sleep(1200);
    scene.signal('worker-1', 'SIGCONT');
  }
  await scene.endsWell();
  t.is(stops, 4);
});

test.serial(
  'all processes are killed; the run goes on from a checkpoint and gives the same state',
  async (t) => {
    t.timeout(600_000);
    await expected(t);
    const scene = await Scene.open(t);
    let killed = 0;
    for (const until of [30, 70]) {
      await scene.coordinator();
      for (const k of [0, 1]) await scene.worker(k);
      await scene.reach(until);
      killed += await scene.killAll();
    }
    await scene.coordinator();
    await scene.worker(0);
    await scene.endsWell();
    t.is(killed, 6);
    t.is(scene.journal().filter(({ kind }) => kind === 'rewind').length, 2);
  },
);

test.serial('the coordinator dies three times; its workers keep the state', async (t) => {
  t.timeout(600_000);
  await expected(t);
  const scene = await Scene.open(t);
  await scene.coordinator();
  for (const k of [0, 1]) await scene.worker(k);
  for (const at of [20, 40, 60]) {
    await scene.reach(at);
    scene.signal('coordinator', 'SIGKILL');
    await scene.coordinator();
  }
  await scene.endsWell();
  const lines = scene.journal();
  t.is(lines.filter(({ kind }) => kind === 'start').length, 4);
  t.is(lines.filter(({ kind }) => kind === 'rewind').length, 0, 'nothing is computed again');
});
