import type { DataConfig } from '@ddpm-fleet/config';
import type { SamplerOptions } from '@ddpm-fleet/diffusion';
import type { Guidance } from '../denoiser.js';
import type { NumericArray } from '../files/npy.js';
import type { FeatureOptions } from '../fid/features.js';

interface Divided {
  readonly count: number;
  readonly seed: number;
  /** Images a call of the model; part of the bits. */
  readonly batch: number;
  /** Images a part. */
  readonly partSize: number;
}

export interface SampleTask extends Divided {
  readonly kind: 'sample';
  readonly sampler: SamplerOptions;
  /** Class of each image, for a model with classes. */
  readonly labels?: readonly number[];
  readonly guidance?: Guidance;
  /** Quantile of dynamic thresholding. */
  readonly threshold?: number;
  /** File of float32 [count, H, W, C] where the chains start instead of noise. */
  readonly start?: string;
  /** Moments at which x is kept as bytes, `frames` [moments, n, H, W, C]; 0: none. */
  readonly frames: number;
  /** The same of the predicted images, `predictions`. */
  readonly predictions: number;
  /** Moments of features in place of the images themselves. */
  readonly features?: FeatureOptions;
}

export interface BpdTask extends Divided {
  readonly kind: 'bpd';
  /** File of uint8 [count, H, W, C]. */
  readonly images: string;
  readonly labels?: readonly number[];
}

/** Held-out losses of several models, a part each; `count` is theirs. */
export interface HeldOutTask extends Divided {
  readonly kind: 'heldOut';
  /** File of uint8 [n, H, W, C]. */
  readonly images: string;
  readonly labels?: readonly number[];
}

/** Moments of features of the images of a data set. */
export interface DataFeaturesTask extends Divided {
  readonly kind: 'dataFeatures';
  readonly data: DataConfig;
  readonly features: FeatureOptions;
}

/** The distance of two files of statistics, in one part: `frechetDistance` as float64 [distance, rank, rank]. */
export interface DistanceTask extends Divided {
  readonly kind: 'distance';
  readonly files: readonly [string, string];
}

/** What several processes compute together: parts of consecutive images, the same whoever computes them. */
export type Task = SampleTask | BpdTask | HeldOutTask | DataFeaturesTask | DistanceTask;

export type PartArrays = Readonly<Record<string, NumericArray>>;

/** Computes part k, telling of each step of a batch. */
export type ComputePart = (part: number, onStep: () => void) => Promise<PartArrays>;

export function partCount({ count, partSize }: Divided): number {
  return Math.ceil(count / partSize);
}

/** Images [first, first + count) of the task. */
export function partRange({ count, partSize }: Divided, part: number): { first: number; count: number } {
  const first = part * partSize;
  return { first, count: Math.min(partSize, count - first) };
}

/** Steps that all parts of the task tell of, `perBatch` for each batch. */
export function stepCount(task: Task, perBatch: number): number {
  let batches = 0;
  for (let part = 0; part < partCount(task); part++) {
    batches += Math.ceil(partRange(task, part).count / task.batch);
  }
  return batches * perBatch;
}
