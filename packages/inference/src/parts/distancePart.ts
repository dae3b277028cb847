import { openSymmetricAlgebra, type Engine } from '@ddpm-fleet/engine';
import { frechetDistance } from '../fid/frechet.js';
import { readStatistics } from '../fid/statistics.js';
import type { ComputePart, DistanceTask } from './task.js';

/** The Frechet distance, on TensorFlow where it is the engine. */
export async function openDistancePart(engine: Engine, { files }: DistanceTask): Promise<ComputePart> {
  const [a, b] = await Promise.all([readStatistics(files[0]), readStatistics(files[1])]);
  const algebra = openSymmetricAlgebra(engine, a.mu.length);
  return async (_, onStep) => {
    const { distance, ranks } = frechetDistance(a, b, algebra, onStep);
    return { distance: Float64Array.of(distance), ranks: Int32Array.from(ranks) };
  };
}
