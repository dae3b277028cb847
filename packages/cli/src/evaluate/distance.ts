import { availableParallelism } from 'node:os';
import { makeNote, type Note } from '@ddpm-fleet/core';
import {
  FRECHET_STEPS,
  readStatistics,
  type DistanceTask,
  type FrechetDistance,
} from '@ddpm-fleet/inference';
import { note } from '../output.js';
import { computeParts, type PartFlags } from '../parts/compute.js';

/** From so many features on it takes seconds. */
const MANY = 1024;

export interface Distance extends FrechetDistance {
  /** How many features. */
  readonly size: number;
}

/** What makes a distance say little. */
export function rankNotes({ ranks, size }: Distance, names: readonly [string, string]): readonly Note[] {
  return names.flatMap((name, i) => {
    const rank = ranks[i]!;
    return rank < size ? [makeNote('DDPM_NOTE_FID_RANK', { name, rank, size })] : [];
  });
}

/**
 * The distance of two files of statistics, in a process that has the engine.
 * @throws DDPM_ERR_FID, DDPM_ERR_NPY
 */
export async function distanceOf(
  files: readonly [string, string],
  { engine }: Pick<PartFlags, 'engine'>,
): Promise<Distance> {
  const size = (await readStatistics(files[0])).mu.length;
  const what = `distance of ${size} features`;
  if (size >= MANY) note(`${what}: three eigendecompositions`);
  const task: DistanceTask = { kind: 'distance', files, count: 1, seed: 0, batch: 1, partSize: 1 };
  const flags = { ...(engine && { engine }), threads: availableParallelism(), workers: 1 };
  const computation = { what, unit: 'steps', steps: FRECHET_STEPS };
  for await (const { distance, ranks } of computeParts(undefined, task, flags, computation)) {
    return { distance: distance![0]!, ranks: [ranks![0]!, ranks![1]!], size };
  }
  throw new Error('a task has a part');
}
