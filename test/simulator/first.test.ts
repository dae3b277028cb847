import test from 'ava';
import { Simulation } from './simulation.js';

test('one worker trains to the end', async (t) => {
  const simulation = new Simulation({ seed: 1 });
  simulation.startCoordinator();
  simulation.join('a');
  t.true(await simulation.runUntil(() => simulation.finished, 60_000));
  t.like(simulation.outcome, { completed: true, globalStep: 20 });
  t.deepEqual(simulation.newest, { globalStep: 20, isUndisturbed: true });
});
