import type { RunConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { getBetaSchedule } from '@ddpm-fleet/diffusion';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import type { TrainedModel } from '../denoiser.js';

/** The version whose folder layout is written. */
const DIFFUSERS_VERSION = '0.27.0';

export const MODEL_INDEX = {
  _class_name: 'DDPMPipeline',
  _diffusers_version: DIFFUSERS_VERSION,
  scheduler: ['diffusers', 'DDPMScheduler'],
  unet: ['diffusers', 'UNet2DModel'],
};

/**
 * Refuses what a `DDPMPipeline` cannot say or would say differently: it would load without a word and sample wrongly.
 * @throws DDPM_ERR_EXPORT_DIFFUSERS with the reason
 */
export function assertExpressible({ model, diffusion }: RunConfig): void {
  const refuse = (reason: string): never => {
    throw fleetError('DDPM_ERR_EXPORT_DIFFUSERS', { reason });
  };
  if (model.kind !== 'ho') refuse(`its UNet2DModel is not the UNet of model.kind ${model.kind}`);
  if (!model.resampWithConv) refuse('it cannot resample without a convolution (model.resampWithConv false)');
  if (model.numClasses > 0) refuse('its DDPMPipeline takes no classes (model.numClasses)');
  if (diffusion.selfConditioning) refuse('it has no self-conditioning');
  if (diffusion.rescaleTimesteps) refuse('it does not rescale timesteps (diffusion.rescaleTimesteps)');
  if (diffusion.modelMeanType === 'xPrev') refuse('it has no prediction type xPrev');
  if (diffusion.modelVarType === 'learned') {
    refuse('its "learned" reads a variance where Ho et al. learn a log-variance');
  }
}

/** unet/config.json. The settings that load silently and sample wrongly when left out are all written. */
export function unetJson({ config, image }: Pick<TrainedModel, 'config' | 'image'>): Record<string, unknown> {
  const unet = unetConfigOf(config, image);
  const sizes = unet.chMult.map((_, level) => unet.imageSize >> level);
  const hasAttention = sizes.map((size) => unet.attnResolutions.includes(size));
  return {
    _class_name: 'UNet2DModel',
    _diffusers_version: DIFFUSERS_VERSION,
    act_fn: 'silu',
    add_attention: true,
    // One head as wide as the features; left out it would be 8 channels a head.
    attention_head_dim: null,
    block_out_channels: unet.chMult.map((m) => m * unet.ch),
    center_input_sample: false,
    down_block_types: hasAttention.map((attn) => (attn ? 'AttnDownBlock2D' : 'DownBlock2D')),
    // TensorFlow's SAME pads bottom and right only.
    downsample_padding: 0,
    dropout: unet.dropout,
    // sin first, divided by (half - 1).
    flip_sin_to_cos: false,
    freq_shift: 1,
    in_channels: unet.inChannels,
    layers_per_block: unet.numResBlocks,
    mid_block_scale_factor: 1,
    norm_eps: 1e-6,
    norm_num_groups: unet.numGroups,
    out_channels: unet.outChannels,
    resnet_time_scale_shift: 'default',
    sample_size: unet.imageSize,
    time_embedding_type: 'positional',
    up_block_types: hasAttention.toReversed().map((attn) => (attn ? 'AttnUpBlock2D' : 'UpBlock2D')),
  };
}

const PREDICTION = { eps: 'epsilon', xStart: 'sample', v: 'v_prediction' } as const;
const VARIANCE = {
  fixedSmall: 'fixed_small',
  fixedLarge: 'fixed_large',
  learnedRange: 'learned_range',
} as const;
const SCHEDULE: Readonly<Record<string, string>> = {
  linear: 'linear',
  quad: 'scaled_linear',
  cosine: 'squaredcos_cap_v2',
};

/** scheduler/scheduler_config.json. A schedule that diffusers cannot name is written out as its betas. */
export function schedulerJson({ diffusion }: RunConfig): Record<string, unknown> {
  const { betaSchedule, betaStart, betaEnd, numTimesteps } = diffusion;
  const named = SCHEDULE[betaSchedule];
  return {
    _class_name: 'DDPMScheduler',
    _diffusers_version: DIFFUSERS_VERSION,
    beta_start: betaStart,
    beta_end: betaEnd,
    beta_schedule: named ?? 'linear',
    clip_sample: true,
    clip_sample_range: 1,
    num_train_timesteps: numTimesteps,
    prediction_type: PREDICTION[diffusion.modelMeanType as keyof typeof PREDICTION],
    rescale_betas_zero_snr: false,
    steps_offset: 0,
    thresholding: false,
    timestep_spacing: 'leading',
    trained_betas: named ? null : [...getBetaSchedule(betaSchedule, betaStart, betaEnd, numTimesteps)],
    variance_type: VARIANCE[diffusion.modelVarType as keyof typeof VARIANCE],
  };
}
