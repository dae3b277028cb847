import test from 'ava';
import { digestOf, makeRun, train } from '../integration/fleet.js';
import { expected, Scene, SET, type Line } from './scene.js';

for (const workers of [2, 3, 5, 8]) {
  test.serial(`${workers} workers give the state that one gives`, async (t) => {
    t.timeout(900_000);
    const dir = await makeRun(t, SET);
    await train(t, dir, workers);
    t.log(`1: ${await expected(t)}`);
    t.log(`${workers}: ${await digestOf(dir)}`);
    t.is(await digestOf(dir), await expected(t));
  });
}

test.serial('a world that changes in the middle of epochs and of steps gives the same state', async (t) => {
  t.timeout(900_000);
  await expected(t);
  const scene = await Scene.open(t);
  await scene.coordinator();
  await scene.worker(0);
  await scene.reach(8);
  for (const k of [1, 2, 3, 4]) await scene.worker(k);
  await scene.active(5);
  const kills = [scene.signal('worker-2', 'SIGKILL'), scene.signal('worker-0', 'SIGKILL')];
  await scene.active(3);
  scene.signal('worker-4', 'SIGTERM');
  await scene.active(2);
  await scene.worker(5);
  await scene.endsWell();
  const lines = scene.journal();
  const worlds = new Set(
    lines
      .filter(({ kind }) => kind === 'step')
      .map(({ slots }) => new Set(slots!.map(([, , worker]) => worker)).size),
  );
  t.log(`steps were computed by ${[...worlds].toSorted().join(', ')} workers`);
  t.true(worlds.size >= 3);
  const amid = lines.filter((line, i) => line.kind === 'left' && isAmidStep(line, lines[i + 1]));
  t.log(`${kills.length} killed; ${amid.length} of the losses came in the middle of a step`);
  t.true(amid.length > 0);
});

/** The step that is committed next had begun. */
function isAmidStep(line: Line, next: Line | undefined): boolean {
  return next?.kind === 'step' && Date.parse(next.at) - next.ms < Date.parse(line.at);
}
