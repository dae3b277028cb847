import type * as tf from '@tensorflow/tfjs-core';
import { emaProfiles, validateSchedule, type EpochLength, type RunConfig } from '@ddpm-fleet/config';
import { makeLayout, type EmaProfile, type ParamLayout } from '@ddpm-fleet/core';
import { device, GaussianDiffusion } from '@ddpm-fleet/diffusion';
import { unetParams, validateUNetConfig, type ParamSpec, type UNetConfig } from '@ddpm-fleet/model';
import { validateAdam } from './optimizer/adam.js';
import type { BatchShape } from './programs/shape.js';
import { diffusionConfigOf, unetConfigOf } from './unetConfig.js';

/** The images that a run trains on. */
export interface ImageSpec {
  readonly size: number;
  readonly channels: number;
  /** Images of the training set; needed by schedules that count epochs. */
  readonly datasetSize?: number;
}

/** What a run's config means for one device; checked. */
export interface TrainingPlan {
  readonly config: RunConfig;
  readonly unet: UNetConfig;
  readonly diffusion: GaussianDiffusion<tf.Tensor>;
  readonly params: readonly ParamSpec[];
  readonly layout: ParamLayout;
  /** Of a slot. */
  readonly shape: BatchShape;
  /** In the order of a state's EMAs. */
  readonly averages: readonly EmaProfile[];
  readonly globalBatchSize: number;
  readonly epochs?: EpochLength;
}

/**
 * @throws DDPM_ERR_MODEL_SIZE, DDPM_ERR_MODEL_CONFIG, DDPM_ERR_DIFFUSION_CONFIG, DDPM_ERR_DIFFUSION_BETAS,
 * DDPM_ERR_DIFFUSION_TIMESTEPS, DDPM_ERR_OPTIMIZER
 */
export function planTraining(config: RunConfig, image: ImageSpec): TrainingPlan {
  const unet = unetConfigOf(config, image);
  validateUNetConfig(unet);
  const globalBatchSize = config.batch.numSlots * config.batch.slotBatchSize;
  const epochs = image.datasetSize ? { epochs: { globalBatchSize, datasetSize: image.datasetSize } } : {};
  validateAdam(config.optimizer);
  validateSchedule(config.optimizer, epochs.epochs);
  const params = unetParams(unet);
  return {
    config,
    unet,
    diffusion: GaussianDiffusion.fromConfig(device, diffusionConfigOf(config)),
    params,
    layout: makeLayout(params),
    shape: [config.batch.slotBatchSize, image.size, image.size, image.channels],
    averages: emaProfiles(config.ema),
    globalBatchSize,
    ...epochs,
  };
}
