import type { SamplerPlan } from '@ddpm-fleet/diffusion';
import type { Denoiser } from './denoiser.js';

export interface SampleRequest {
  /** Images [first, first + count) of the seed's endless row of samples. */
  readonly first?: number;
  readonly count: number;
  readonly seed: number;
  readonly plan: SamplerPlan;
  /** Class of each image, for a model with classes. */
  readonly labels?: Int32Array | undefined;
  /** Where the chains start instead of noise, [count, H, W, C]. */
  readonly start?: Float32Array | undefined;
  /** Called after each step of each batch. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each step; both give [B, H, W, C], the batch filled up. */
  readonly onStep?: (step: number, state: ChainState) => void;
}

/** Where the chains of a batch stand. */
export interface ChainState {
  readonly x: () => Float32Array;
  /** What the model thinks that the images will be. */
  readonly predXStart: () => Float32Array;
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
  if (request.start) denoiser.load(batchStart(denoiser, request.start, b));
  else denoiser.start(seed, first);
  const state = { x: () => denoiser.x(), predXStart: () => denoiser.predXStart() };
  for (const [i, step] of plan.steps.entries()) {
    denoiser.step(step, seed, first, labels);
    onStep?.(i, state);
    onProgress?.(b * plan.steps.length + i + 1, batches * plan.steps.length);
  }
}

/** The last batch is filled up with the last label. */
function batchLabels(labels: Int32Array, start: number, batch: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => labels[Math.min(start + i, labels.length - 1)]!);
}

/** The last batch is filled up with zeros. */
function batchStart({ shape }: Denoiser, start: Float32Array, b: number): Float32Array {
  const size = shape.reduce((product, n) => product * n, 1);
  const x = new Float32Array(size);
  x.set(start.subarray(b * size, (b + 1) * size));
  return x;
}
