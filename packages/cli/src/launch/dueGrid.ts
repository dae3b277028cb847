import type { CheckpointInfo } from '@ddpm-fleet/checkpoint';

/** The multiple of `everySteps` whose grid a state of this step is drawn for; 0: none. */
export function gridOf(globalStep: number, everySteps: number): number {
  return globalStep - (globalStep % everySteps);
}

/**
 * The checkpoint to draw next: of the newest grid that is not done, the first state that there is of it.
 * @param done multiples of `everySteps` whose grids are drawn, or cannot be
 */
export function dueGrid(
  infos: readonly CheckpointInfo[],
  done: ReadonlySet<number>,
  everySteps: number,
): CheckpointInfo | undefined {
  const due = infos.filter((info) => {
    const grid = gridOf(info.globalStep, everySteps);
    return info.manifest && grid > 0 && !done.has(grid);
  });
  const newest = Math.max(...due.map(({ globalStep }) => gridOf(globalStep, everySteps)));
  return due
    .filter(({ globalStep }) => gridOf(globalStep, everySteps) === newest)
    .toSorted((a, b) => a.globalStep - b.globalStep)[0];
}

/** Grids of the steps after `from` up to `to` that were overtaken by newer ones. */
export function overtakenGrids(from: number, to: number, done: ReadonlySet<number>, everySteps: number) {
  const grids: number[] = [];
  for (let grid = gridOf(from, everySteps) + everySteps; grid <= to; grid += everySteps)
    if (!done.has(grid)) grids.push(grid);
  return grids;
}
