import test from 'ava';
import type { EffectOf } from '@ddpm-fleet/coordinator/parts';
import { Simulation } from './simulation.js';

type Saved = EffectOf<'expectState'> | EffectOf<'publishShares'>;

for (const checkpointWriters of [0, 2]) {
  test(`${checkpointWriters} writers: averages are kept on time and in the end, beside the checkpoints`, async (t) => {
    const kept: string[] = [];
    const simulation = new Simulation({
      seed: 4,
      settings: { checkpointEverySteps: 8, snapshotEverySteps: 6, checkpointWriters, keepLast: 1 },
      trace: ({ effects }) => {
        for (const effect of effects)
          if (effect.type === 'expectState' && effect.keep.averages)
            kept.push(`${effect.globalStep}${effect.keep.checkpoint ? ' and checkpoint' : ''}`);
      },
    });
    simulation.startCoordinator();
    for (const name of ['a', 'b', 'c']) simulation.join(name);
    t.true(await simulation.runUntil(() => simulation.finished, 60_000));
    t.deepEqual(kept, ['6', '12', '18', '20 and checkpoint']);
    t.deepEqual(simulation.disk.averageSteps(), [6, 12, 18, 20]);
  });
}

for (const checkpointWriters of [0, 2]) {
  test(`${checkpointWriters} writers: a checkpoint names the commit that made its state, and is judged`, async (t) => {
    const saves: Saved[] = [];
    const simulation = new Simulation({
      seed: 3,
      settings: { checkpointEverySteps: 4, heldOutEvery: 0, judgeCheckpoints: true, checkpointWriters },
      trace: ({ effects }) => {
        for (const effect of effects)
          if (effect.type === 'expectState' || effect.type === 'publishShares') saves.push(effect);
      },
    });
    simulation.startCoordinator();
    for (const name of ['a', 'b', 'c']) simulation.join(name);
    t.true(await simulation.runUntil(() => simulation.finished, 60_000));
    t.deepEqual(
      saves.map(({ globalStep }) => globalStep),
      [4, 8, 12, 16, 20],
    );
    for (const { globalStep, journalHead, losses } of saves) {
      const { kind, globalStep: step } = JSON.parse(simulation.disk.journalLines()[journalHead!.line]!);
      t.is(`${kind} ${step}`, `step ${globalStep - 1}`);
      t.is(losses.heldOut, 1 / (1 + globalStep), 'the held-out loss of that very step');
    }
  });

  test(`${checkpointWriters} writers: a grid has a state of its own, at once or right after a checkpoint is written`, async (t) => {
    const steps: number[] = [];
    const simulation = new Simulation({
      ...{ seed: 3, exact: true, slotMs: 50, saveMs: 400 },
      settings: { checkpointEverySteps: 5, gridEverySteps: 6, heldOutEvery: 0, checkpointWriters },
      trace: ({ effects }) => {
        for (const effect of effects)
          if (effect.type === 'expectState' || effect.type === 'publishShares') steps.push(effect.globalStep);
      },
    });
    simulation.startCoordinator();
    simulation.join('a');
    t.true(await simulation.runUntil(() => simulation.finished, 60_000));
    t.true(
      steps.includes(5) && !steps.includes(6),
      `step 6 falls into the writing of step 5: ${steps.join()}`,
    );
    for (const grid of [6, 12, 18]) {
      t.true(
        steps.some((step) => step >= grid && step < grid + 6),
        `no state for the grid of step ${grid}: ${steps.join()}`,
      );
    }
  });
}
