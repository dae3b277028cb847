import type { SamplerPlan } from '@ddpm-fleet/diffusion';
import type { Denoiser } from './denoiser.js';

export interface SampleRequest {
  /** Images [first, first + count) of the seed's endless row of samples. */
  readonly first?: number;
  readonly count: number;
  readonly seed: number;
  readonly plan: SamplerPlan;
  /** Class of each image, for a model with classes. */
  readonly labels?: Int32Array;
  /** Called after each step of each batch. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each step with what the model then thinks the images will be, [B, H, W, C]. */
  readonly onStep?: (step: number, predXStart: () => Float32Array) => void;
}

/**
 * Runs a chain for each image, a batch at a time. Sample i is the same whatever the batch it falls into is filled
 * with and whoever computes it.
 * @returns float32 [count, H, W, C], about [-1, 1], not clamped further than the plan does
 */
export function sample(denoiser: Denoiser, request: SampleRequest): Float32Array {
  const [batch, ...image] = denoiser.shape;
  const imageSize = image.reduce((product, n) => product * n, 1);
  const out = new Float32Array(request.count * imageSize);
  const batches = Math.ceil(request.count / batch);
  for (let b = 0; b < batches; b++) {
    runBatch(denoiser, request, b, batches);
    const kept = Math.min(batch, request.count - b * batch);
    out.set(denoiser.x().subarray(0, kept * imageSize), b * batch * imageSize);
  }
  return out;
}

function runBatch(denoiser: Denoiser, request: SampleRequest, b: number, batches: number): void {
  const { seed, plan, onProgress, onStep } = request;
  const batch = denoiser.shape[0];
  const first = (request.first ?? 0) + b * batch;
  const labels = request.labels && batchLabels(request.labels, b * batch, batch);
  denoiser.start(seed, first);
  for (const [i, step] of plan.steps.entries()) {
    denoiser.step(step, seed, first, labels);
    onStep?.(i, () => denoiser.predXStart());
    onProgress?.(b * plan.steps.length + i + 1, batches * plan.steps.length);
  }
}

/** The last batch is filled up with the last label. */
function batchLabels(labels: Int32Array, start: number, batch: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => labels[Math.min(start + i, labels.length - 1)]!);
}
