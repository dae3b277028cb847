import { readFile } from 'node:fs/promises';
import type { Engine } from '@ddpm-fleet/engine';
import { HeldOutMeter } from '@ddpm-fleet/trainer';
import type { TrainedModel } from '../denoiser.js';
import type { ComputePart, HeldOutTask } from './task.js';

/** Held-out losses, float32 `losses` [n]; a part is a candidate, all of it, so that its bits are nobody's affair. */
export async function openHeldOutPart(
  engine: Engine,
  models: (candidate: number) => Promise<TrainedModel>,
  task: HeldOutTask,
): Promise<ComputePart> {
  const images = new Uint8Array(await readFile(task.images));
  const labels = task.labels && Int32Array.from(task.labels);
  let meter: HeldOutMeter | undefined;
  return async (part, onStep) => {
    const { config, image, weights } = await models(part);
    // The data set's size matters to schedules of the learning rate alone.
    meter ??= await HeldOutMeter.open(engine, config, { ...image, datasetSize: 1 });
    const losses = meter.losses(weights, images, labels);
    onStep();
    return { losses };
  };
}
