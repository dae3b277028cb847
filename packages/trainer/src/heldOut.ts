import { drawInt, imageAddress, Purpose, u64Pair } from '@ddpm-fleet/core';
import type { HostArray, Module } from '@ddpm-fleet/engine';
import { withNullLabels } from './nullLabels.js';
import type { TrainingPlan } from './trainingPlan.js';

/**
 * Losses of `images` with the weights in `carry`. Image i has the t and the noise of position i of the held-out
 * streams, always. Images without labels get the null label.
 */
export function heldOutLosses(
  plan: TrainingPlan,
  module: Module,
  images: Uint8Array,
  labels?: Int32Array,
): Float32Array {
  const [B, H, W, C] = plan.shape;
  const count = images.length / (H * W * C);
  const all = new Float32Array(count);
  for (let first = 0; first < count; first += B) {
    const losses = module.run('heldOut', batchOf(plan, images, first, labels))['loss']!;
    for (let i = 0; i < Math.min(B, count - first); i++) all[first + i] = losses[i]!;
  }
  return all;
}

/** In float64, in the order of the images. */
export function meanOf(losses: Float32Array): number {
  let sum = 0;
  for (const loss of losses) sum += loss;
  return sum / losses.length;
}

/** A last batch that is not full is filled up with zeros, whose losses nobody reads. */
function batchOf(
  { config, shape }: TrainingPlan,
  images: Uint8Array,
  first: number,
  labels: Int32Array | undefined,
): Record<string, HostArray> {
  const [B, H, W, C] = shape;
  const { numTimesteps } = config.diffusion;
  const { numClasses } = config.model;
  const batch = new Uint8Array(B * H * W * C);
  batch.set(images.subarray(first * H * W * C, (first + B) * H * W * C));
  const batchLabels = new Int32Array(B).fill(numClasses);
  if (labels) batchLabels.set(withNullLabels(labels.subarray(first, first + B), numClasses));
  return {
    images: batch,
    position: u64Pair(first),
    t: drawInt(imageAddress(config.seed, Purpose.heldOutT, BigInt(first), 1), B, 1, numTimesteps),
    ...(numClasses > 0 && { labels: batchLabels }),
  };
}
