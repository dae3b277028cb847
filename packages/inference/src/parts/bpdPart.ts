import { open } from 'node:fs/promises';
import type { Engine } from '@ddpm-fleet/engine';
import { BoundMeter } from '../bpd.js';
import type { TrainedModel } from '../denoiser.js';
import { partRange, type BpdTask, type ComputePart } from './task.js';

/** Terms of the bound; a part is a batch. */
export async function openBpdPart(engine: Engine, model: TrainedModel, task: BpdTask): Promise<ComputePart> {
  const meter = await BoundMeter.open(engine, model, task.batch);
  const { size, channels } = model.image;
  return async (part, onStep) => {
    const { first, count } = partRange(task, part);
    const images = await readBytes(
      task.images,
      first * size * size * channels,
      count * size * size * channels,
    );
    const labels = task.labels && Int32Array.from(task.labels.slice(first, first + count));
    return { ...meter.measure({ images, labels, first, seed: task.seed, onStep }) };
  };
}

async function readBytes(path: string, from: number, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  const file = await open(path);
  try {
    await file.read(bytes, 0, count, from);
  } finally {
    await file.close();
  }
  return bytes;
}
