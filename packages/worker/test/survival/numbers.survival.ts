import test from 'ava';
import { logOf } from '../integration/fleet.js';
import { Scene } from './scene.js';

/** A learning rate at which the first applied step destroys the weights. */
const DIVERGES = ['optimizer.lr=1e30', 'optimizer.warmupSteps=0', 'train.steps=12'];

test.serial('numbers that are not finite stop the run, naming slot, worker, t and images', async (t) => {
  t.timeout(300_000);
  const scene = await Scene.open(t, [...DIVERGES, 'train.onNonFinite=stop']);
  const coordinator = await scene.coordinator();
  await scene.worker(0);
  t.is((await coordinator.exited).code, 1);
  const end = scene.journal().findLast(({ kind }) => kind === 'end')!;
  t.log(end.reason);
  t.regex(end.reason!, /not finite|NaN|infinit/i);
  t.regex(logOf(scene.dir, 'coordinator'), /slot \d+/);
});

test.serial(
  'numbers that are not finite are skipped as often as allowed, and their positions count',
  async (t) => {
    t.timeout(300_000);
    const scene = await Scene.open(t, [...DIVERGES, 'train.onNonFinite=skip', 'train.maxNonFinite=100']);
    const coordinator = await scene.coordinator();
    await scene.worker(0);
    await scene.worker(1);
    t.is((await coordinator.exited).code, 0);
    const steps = scene.journal().filter(({ kind }) => kind === 'step');
    const skipped = steps.filter((step) => step.skipped !== undefined);
    t.log(`${skipped.length} of ${steps.length} steps were skipped: ${skipped[0]?.skipped}`);
    t.is(steps.length, 12);
    t.true(skipped.length >= 1);
  },
);
