import type { RunConfig } from '@ddpm-fleet/config';
import { getBetaSchedule } from '@ddpm-fleet/diffusion';
import { attentionHeads, levelSizes, type UNetConfig } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import type { TrainedModel } from '../denoiser.js';
import { headWidth } from './diffusersLimits.js';

/** The version whose folder layout is written. */
const DIFFUSERS_VERSION = '0.27.0';

export const MODEL_INDEX = {
  _class_name: 'DDPMPipeline',
  _diffusers_version: DIFFUSERS_VERSION,
  scheduler: ['diffusers', 'DDPMScheduler'],
  unet: ['diffusers', 'UNet2DModel'],
};

/** What the two networks that diffusers has both of do differently. */
const STYLES = {
  // sin first, divided by (half - 1); TensorFlow's SAME pads bottom and right only.
  ho: { flip_sin_to_cos: false, freq_shift: 1, norm_eps: 1e-6, downsample_padding: 0 },
  // cos first, divided by half; PyTorch's padding of all sides.
  improved: { flip_sin_to_cos: true, freq_shift: 0, norm_eps: 1e-5, downsample_padding: 1 },
} as const;

/**
 * unet/config.json. The settings that load silently and sample wrongly when left out are all written.
 * @param of a model without `diffusersLimits`
 */
export function unetJson(of: Pick<TrainedModel, 'config' | 'image'>): Record<string, unknown> {
  const unet = unetConfigOf(of.config, of.image);
  const { chMult, numClasses, resblockUpdown, useScaleShiftNorm } = unet;
  const attends = levelSizes(unet).map((size) => unet.attnResolutions.includes(size));
  const types = (side: 'Down' | 'Up', whole: string): string[] =>
    attends.map((attn) => (attn ? `Attn${side}Block2D` : resblockUpdown ? whole : `${side}Block2D`));
  return {
    _class_name: 'UNet2DModel',
    _diffusers_version: DIFFUSERS_VERSION,
    act_fn: 'silu',
    add_attention: true,
    // One head as wide as the features; left out it would be 8 channels a head.
    attention_head_dim: hasOneHead(unet) ? null : headWidth(of),
    // Left out beside scale and shift, the attention in the middle would have no norm.
    ...(useScaleShiftNorm && { attn_norm_num_groups: unet.numGroups }),
    block_out_channels: chMult.map((m) => m * unet.ch),
    center_input_sample: false,
    down_block_types: types('Down', 'ResnetDownsampleBlock2D'),
    dropout: unet.dropout,
    in_channels: unet.inChannels,
    layers_per_block: unet.numResBlocks,
    mid_block_scale_factor: 1,
    norm_num_groups: unet.numGroups,
    // One row more than classes: the label that stands for none.
    ...(numClasses > 0 && { num_class_embeds: numClasses + 1 }),
    out_channels: unet.outChannels,
    resnet_time_scale_shift: useScaleShiftNorm ? 'scale_shift' : 'default',
    ...(resblockUpdown && { downsample_type: 'resnet', upsample_type: 'resnet' }),
    sample_size: unet.imageSize,
    time_embedding_type: 'positional',
    up_block_types: types('Up', 'ResnetUpsampleBlock2D').toReversed(),
    ...STYLES[unet.kind as keyof typeof STYLES],
  };
}

function hasOneHead(unet: UNetConfig): boolean {
  return attentionHeads(unet).every(({ heads }) => heads === 1);
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
