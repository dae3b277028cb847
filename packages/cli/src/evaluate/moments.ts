import { addMoments, type Moments, type Task } from '@ddpm-fleet/inference';
import { computeParts, type Computation, type PartFlags } from '../parts/compute.js';
import type { Trained } from '../trained.js';

const FEW = 4096;

/** Sums are cut the same way on any number of processes; a sum of 2048 features takes 17 MB, so not too often. */
export function partSizeOf(count: number, batch: number): number {
  return Math.ceil((count < FEW ? 32 : 256) / batch) * batch;
}

/** Moments of all images of a task, added up in the order of the images. */
export async function sumMoments(
  trained: Trained,
  task: Task,
  flags: PartFlags,
  computation: Computation,
): Promise<Moments> {
  let total: Moments | undefined;
  for await (const part of computeParts(trained, task, flags, computation)) {
    const [sum, products] = [part['sum'] as Float64Array, part['products'] as Float64Array];
    total = addMoments(total, { count: 0, sum, products });
  }
  return { ...total!, count: task.count };
}
