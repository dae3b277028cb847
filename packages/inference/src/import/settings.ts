import type { RunConfig } from '@ddpm-fleet/config';
import { getBetaSchedule } from '@ddpm-fleet/diffusion';
import { schedulerJson, unetJson } from '../export/diffusersConfig.js';
import { diffusersLimits } from '../export/diffusersLimits.js';
import type { DiffusersFolder } from './folder.js';

type Json = Readonly<Record<string, unknown>>;
type Made = {
  readonly config: RunConfig;
  readonly image: { readonly size: number; readonly channels: number };
};

/** Settings of a `UNet2DModel` that say nothing of the function it computes, or belong to the average beside it. */
const IRRELEVANT = new Set([
  ...['_class_name', '_diffusers_version', '_name_or_path', 'dropout', 'sample_size', 'num_train_timesteps'],
  ...['num_class_embeds', 'decay', 'inv_gamma', 'min_decay', 'optimization_step', 'power'],
  ...['update_after_step', 'use_ema_warmup'],
]);

/** What diffusers assumes where a folder leaves a setting out; a setting that is in neither must be null. */
const DEFAULTS: Json = {
  act_fn: 'silu',
  add_attention: true,
  attention_head_dim: 8,
  center_input_sample: false,
  class_embed_type: null,
  downsample_padding: 1,
  downsample_type: 'conv',
  flip_sin_to_cos: true,
  freq_shift: 0,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  mid_block_type: 'UNetMidBlock2D',
  norm_eps: 1e-5,
  norm_num_groups: 32,
  resnet_time_scale_shift: 'default',
  time_embedding_dim: null,
  time_embedding_type: 'positional',
  upsample_type: 'conv',
};

/** Two tables of betas of the same schedule: theirs is float32. */
const BETA_TOLERANCE = 1e-5;

/** Every setting in which a folder is not the model of the config, or which the config cannot hold; empty: the same. */
export function differences(folder: DiffusersFolder, made: Made): string[] {
  const limits = diffusersLimits(made);
  if (limits.length > 0) return limits.map((reason) => `${reason}, and the config asks for it`);
  return [
    ...unetDifferences(folder.unet, unetJson(made)),
    ...classDifferences(folder.unet, made.config.model.numClasses),
    ...(folder.scheduler ? schedulerDifferences(folder.scheduler, made.config) : []),
  ];
}

/** The table's rows: one for each class, and perhaps one for none. */
export function classRows(unet: Json): number {
  return typeof unet['num_class_embeds'] === 'number' ? unet['num_class_embeds'] : 0;
}

function unetDifferences(theirs: Json, ours: Json): string[] {
  const keys = new Set([...Object.keys(DEFAULTS), ...Object.keys(theirs), ...Object.keys(ours)]);
  return [...keys].flatMap((key) => {
    if (IRRELEVANT.has(key)) return [];
    const [there, here] = [effective(theirs, key), effective(ours, key)];
    return JSON.stringify(there) === JSON.stringify(here) ? [] : [saying(key, there, here)];
  });
}

/** The value that counts: diffusers' default for what is left out, one name for what has two. */
function effective(json: Json, key: string): unknown {
  const value = (key in json ? json[key] : DEFAULTS[key]) ?? null;
  if (key === 'act_fn' && value === 'swish') return 'silu';
  if (key !== 'attn_norm_num_groups' || value !== null) return value;
  // The attention in the middle takes the blocks' groups unless these have scale and shift.
  const groups = json['norm_num_groups'] ?? DEFAULTS['norm_num_groups'];
  return effective(json, 'resnet_time_scale_shift') === 'default' ? groups : null;
}

function classDifferences(theirs: Json, numClasses: number): string[] {
  const rows = classRows(theirs);
  const fits = rows === numClasses || (numClasses > 0 && rows === numClasses + 1);
  return fits ? [] : [`num_class_embeds ${rows} there, model.numClasses ${numClasses} here`];
}

const SCHEDULE_KEYS = ['num_train_timesteps', 'beta_start', 'beta_end', 'beta_schedule'];

function schedulerDifferences(theirs: Json, config: RunConfig): string[] {
  const ours = schedulerJson(config);
  const differing = (keys: readonly string[]): string[] =>
    keys.flatMap((key) => {
      const given = theirs[key];
      const same = given === undefined || JSON.stringify(given) === JSON.stringify(ours[key]);
      return same ? [] : [saying(key, given, ours[key])];
    });
  const rescaled = theirs['rescale_betas_zero_snr'] === true;
  return [
    ...differing(['prediction_type']),
    ...(rescaled ? ['rescale_betas_zero_snr true there, which no schedule here has'] : []),
    ...(sameBetas(betasOf(theirs), betasOf(ours)) ? [] : namedOr(differing(SCHEDULE_KEYS))),
  ];
}

function namedOr(named: readonly string[]): readonly string[] {
  return named.length > 0 ? named : ["trained_betas there, which are not the config's schedule"];
}

const SCHEDULES: Readonly<Record<string, 'linear' | 'quad' | 'cosine'>> = {
  linear: 'linear',
  scaled_linear: 'quad',
  squaredcos_cap_v2: 'cosine',
};

/** beta_t of a scheduler's settings; undefined for a schedule that has no name here. */
export function betasOf(scheduler: Json): readonly number[] | undefined {
  const { trained_betas: trained } = scheduler;
  if (Array.isArray(trained)) return trained as number[];
  const {
    num_train_timesteps: T = 1000,
    beta_start: start = 0.0001,
    beta_end: end = 0.02,
    beta_schedule: name = 'linear',
  } = scheduler;
  const known = SCHEDULES[name as string];
  if (!known || typeof T !== 'number' || typeof start !== 'number' || typeof end !== 'number')
    return undefined;
  return [...getBetaSchedule(known, start, end, T)];
}

export function sameBetas(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (!a || !b || a.length !== b.length) return false;
  return a.every((beta, i) => Math.abs(beta - b[i]!) <= BETA_TOLERANCE * Math.abs(b[i]!));
}

function saying(key: string, there: unknown, here: unknown): string {
  return `${key} ${JSON.stringify(there)} there, ${JSON.stringify(here)} here`;
}
