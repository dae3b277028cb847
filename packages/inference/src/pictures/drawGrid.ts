import { samplerPlan } from '@ddpm-fleet/diffusion';
import type { Engine } from '@ddpm-fleet/engine';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import { Denoiser, type TrainedModel } from '../denoiser.js';
import { sample } from '../sample.js';
import { gridPng, toBytes } from './grid.js';

const BATCH = 16;
const STEPS = 50;

/** A picture of `count` samples of a model, PNG: 50 steps of DDIM from seed 0, all classes in turn. */
export async function drawGrid(engine: Engine, model: TrainedModel, count: number): Promise<Buffer> {
  const { numTimesteps } = model.config.diffusion;
  const sampleSteps = Math.min(STEPS, numTimesteps);
  const plan = samplerPlan(diffusionConfigOf(model.config), { sampler: 'ddim', sampleSteps });
  const { numClasses } = model.config.model;
  const labels = Int32Array.from({ length: count }, (_, i) => i % Math.max(1, numClasses));
  const denoiser = await Denoiser.open(engine, model, { batch: Math.min(BATCH, count) });
  try {
    const images = sample(denoiser, { count, seed: 0, plan, ...(numClasses > 0 && { labels }) });
    return await gridPng({ pixels: toBytes(images), count, ...model.image });
  } finally {
    denoiser.dispose();
  }
}
