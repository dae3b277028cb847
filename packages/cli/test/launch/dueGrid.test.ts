import type { CheckpointInfo } from '@ddpm-fleet/checkpoint';
import test from 'ava';
import { dueGrid, overtakenGrids } from '../../src/launch/dueGrid.js';

const infos = (...steps: number[]): CheckpointInfo[] =>
  steps.map((globalStep) => ({
    ...{ name: `step-${globalStep}`, globalStep, isLatest: false, sizeBytes: 1 },
    manifest: {} as NonNullable<CheckpointInfo['manifest']>,
  }));

for (const [what, steps, done, want] of [
  ['of its very step', [9, 6, 3], [3, 6], 9],
  ['right after an older one was written', [7, 3], [3], 7],
  ['its own, where another one came later', [8, 6, 3], [3], 6],
  ['none before the first', [2], [], undefined],
  ['none twice', [8, 6], [6], undefined],
  ['the newest of several', [9, 6, 3], [], 9],
  ['nothing is there', [], [], undefined],
] as [string, number[], number[], number | undefined][]) {
  test(`a grid every 3 steps is drawn of a checkpoint: ${what}`, (t) => {
    t.is(dueGrid(infos(...steps), new Set(done), 3)?.globalStep, want);
  });
}

test('a checkpoint that cannot be read is no grid', (t) => {
  const [{ manifest: _, ...damaged }] = infos(3) as [CheckpointInfo];
  t.is(dueGrid([damaged], new Set(), 3), undefined);
});

test('grids that were overtaken are counted from where the run began', (t) => {
  t.deepEqual(overtakenGrids(0, 10, new Set([9]), 3), [3, 6]);
  t.deepEqual(overtakenGrids(7, 10, new Set(), 3), [9]);
  t.deepEqual(overtakenGrids(0, 2, new Set(), 3), []);
});
