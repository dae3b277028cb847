import { stepCount, type PartArrays, type SampleTask } from '@ddpm-fleet/inference';
import { computeParts, type PartFlags } from '../parts/compute.js';
import type { Trained } from '../trained.js';
import type { ChosenSampler } from './flags.js';

/** Images in their order, and what was kept of how they came about. */
export interface Drawn {
  /** float32 [count, H, W, C] */
  readonly images: Float32Array;
  /** Bytes [count, H, W, C] at each moment that was kept. */
  readonly frames: readonly Uint8Array[];
  readonly predictions: readonly Uint8Array[];
}

/** Draws the images of a task on as many processes as the flags say. */
export async function draw(
  trained: Trained,
  task: SampleTask,
  { plan }: ChosenSampler,
  flags: PartFlags,
): Promise<Drawn> {
  const { size, channels } = trained.model.image;
  const perImage = size * size * channels;
  const images = new Float32Array(task.count * perImage);
  const moments = (count: number): Uint8Array[] =>
    Array.from({ length: Math.min(count, plan.steps.length) }, () => new Uint8Array(images.length));
  const drawn = { images, frames: moments(task.frames), predictions: moments(task.predictions) };
  const steps = stepCount(task, plan.steps.length);
  let at = 0;
  for await (const part of computeParts(trained, task, flags, { what: 'sampling', unit: 'steps', steps })) {
    drawn.images.set(part['images'] as Float32Array, at);
    place(drawn.frames, part, 'frames', at);
    place(drawn.predictions, part, 'predictions', at);
    at += part['images']!.length;
  }
  return drawn;
}

/** A part holds each moment of its images in turn; here each moment holds all images. */
function place(moments: readonly Uint8Array[], part: PartArrays, name: string, at: number): void {
  const values = part[name] as Uint8Array;
  const length = values.length / moments.length;
  moments.forEach((moment, k) => moment.set(values.subarray(k * length, (k + 1) * length), at));
}
