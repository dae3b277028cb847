import { open } from 'node:fs/promises';
import { samplerPlan, type SamplerPlan } from '@ddpm-fleet/diffusion';
import type { Engine } from '@ddpm-fleet/engine';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import { Denoiser, type TrainedModel } from '../denoiser.js';
import { FeatureModel } from '../fid/features.js';
import { momentsOf } from '../fid/moments.js';
import { toBytes } from '../pictures/grid.js';
import { sample, type ChainState } from '../sample.js';
import { partRange, type ComputePart, type PartArrays, type SampleTask } from './task.js';

/** Samples, or the moments of their features. */
export async function openSamplePart(
  engine: Engine,
  model: TrainedModel,
  task: SampleTask,
): Promise<ComputePart> {
  const { batch, guidance, threshold: quantile } = task;
  const denoiser = await Denoiser.open(engine, model, {
    batch,
    ...(guidance && { guidance }),
    ...(quantile !== undefined && { threshold: { quantile, maximum: Infinity } }),
  });
  const features = task.features && (await FeatureModel.open(task.features));
  const plan = samplerPlan(diffusionConfigOf(model.config), task.sampler);
  return async (part, onStep) => {
    const arrays = await drawn(denoiser, plan, task, part, onStep);
    return features ? featureMoments(features, model, arrays) : arrays;
  };
}

type Drawn = PartArrays & { readonly images: Float32Array };

async function drawn(
  denoiser: Denoiser,
  plan: SamplerPlan,
  task: SampleTask,
  part: number,
  onProgress: () => void,
): Promise<Drawn> {
  const range = partRange(task, part);
  const size = denoiser.shape.slice(1).reduce((product, n) => product * n, 1);
  const kept = {
    frames: new Kept(task.frames, plan, range.count * size),
    predictions: new Kept(task.predictions, plan, range.count * size),
  };
  let done = 0;
  const batchOf = (): number => Math.floor(done / plan.steps.length);
  const images = sample(denoiser, {
    ...range,
    ...{ seed: task.seed, plan },
    labels: task.labels && Int32Array.from(task.labels.slice(range.first, range.first + range.count)),
    start: task.start ? await readFloats(task.start, range.first * size, range.count * size) : undefined,
    onStep: (step, { x, predXStart }: ChainState) => {
      const at = batchOf() * task.batch * size;
      kept.frames.at(step, at, x);
      kept.predictions.at(step, at, predXStart);
    },
    onProgress: () => {
      done++;
      onProgress();
    },
  });
  return { images, frames: kept.frames.values, predictions: kept.predictions.values };
}

/** Bytes of images at moments spread evenly over a chain, the last step being one: [moments, images of the part]. */
class Kept {
  readonly values: Uint8Array;
  readonly #steps: readonly number[];
  readonly #perMoment: number;

  constructor(moments: number, plan: SamplerPlan, perMoment: number) {
    const most = Math.min(moments, plan.steps.length);
    this.#steps = Array.from({ length: most }, (_, k) => Math.ceil(((k + 1) * plan.steps.length) / most) - 1);
    this.#perMoment = perMoment;
    this.values = new Uint8Array(most * perMoment);
  }

  at(step: number, offset: number, images: () => Float32Array): void {
    const moment = this.#steps.indexOf(step);
    if (moment < 0) return;
    const bytes = toBytes(images()).subarray(0, this.#perMoment - offset);
    this.values.set(bytes, moment * this.#perMoment + offset);
  }
}

function featureMoments(features: FeatureModel, { image }: TrainedModel, { images }: Drawn): PartArrays {
  const count = images.length / (image.size * image.size * image.channels);
  const { values, dimensions } = features.features({ pixels: toBytes(images), count, ...image });
  const { sum, products } = momentsOf(values, dimensions);
  return { sum, products };
}

async function readFloats(path: string, from: number, count: number): Promise<Float32Array> {
  const values = new Float32Array(count);
  const file = await open(path);
  try {
    await file.read(new Uint8Array(values.buffer), 0, values.byteLength, from * values.BYTES_PER_ELEMENT);
  } finally {
    await file.close();
  }
  return values;
}
