import { getBetaSchedule } from '@ddpm-fleet/diffusion';
import type { DiffusersFolder } from './folder.js';
import { importError } from './folder.js';
import { betasOf, classRows, sameBetas } from './settings.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * The settings (`path=value`) of the model and chain that a diffusers folder holds, for `loadConfig`. They say what can
 * be said; `importDiffusers` then names whatever they cannot.
 * @param lastClassIsNone whether the last row of the class table is zeros: the label that stands for none
 * @throws DDPM_ERR_IMPORT_DIFFUSERS for settings of the wrong kind, and for those without which nothing can be derived
 */
export function deriveSettings(folder: DiffusersFolder, lastClassIsNone: boolean): string[] {
  const { dir, unet } = folder;
  const fail = (reason: string): never => {
    throw importError(dir, reason);
  };
  if (unet['_class_name'] !== undefined && unet['_class_name'] !== 'UNet2DModel')
    fail(`it holds a ${JSON.stringify(unet['_class_name'])}, and only a UNet2DModel can be imported`);
  const set = {
    ...modelSettings(unet, lastClassIsNone, fail),
    ...(folder.scheduler && chainSettings(folder.scheduler, fail)),
  };
  return Object.entries(set).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
}

function modelSettings(
  unet: Json,
  lastClassIsNone: boolean,
  fail: (reason: string) => never,
): Record<string, unknown> {
  const positive = (key: string, fallback?: number): number => {
    const value = unet[key] ?? fallback;
    return Number.isInteger(value) && Number(value) > 0
      ? Number(value)
      : fail(`its ${key} is ${JSON.stringify(value)}; a positive integer is needed`);
  };
  const size = imageSize(unet['sample_size'], fail);
  const widths = list(unet, 'block_out_channels', fail).map(Number);
  const down = list(unet, 'down_block_types', fail).map(String);
  if (widths.length !== down.length || widths.length === 0)
    fail('its block_out_channels and down_block_types are not as many');
  const heads = unet['attention_head_dim'];
  const rows = classRows(unet);
  const resnet = unet['downsample_type'] === 'resnet' || down.some((type) => type.startsWith('Resnet'));
  return {
    'data.size': size,
    'data.channels': positive('in_channels', 3),
    'model.kind': unet['flip_sin_to_cos'] === false ? 'ho' : 'improved',
    'model.ch': widths[0],
    'model.chMult': widths.map((width) => width / widths[0]!),
    'model.numResBlocks': positive('layers_per_block', 2),
    'model.attnResolutions': down.flatMap((type, level) =>
      type === 'AttnDownBlock2D' ? [size / 2 ** level] : [],
    ),
    'model.numGroups': positive('norm_num_groups', 32),
    'model.numHeads': 1,
    'model.numHeadChannels': heads === null ? 0 : positive('attention_head_dim', 8),
    'model.useScaleShiftNorm': unet['resnet_time_scale_shift'] === 'scale_shift',
    'model.resblockUpdown': resnet,
    'model.numClasses': rows > 0 && lastClassIsNone ? rows - 1 : rows,
    ...(typeof unet['dropout'] === 'number' && { 'model.dropout': unet['dropout'] }),
  };
}

function list(unet: Json, key: string, fail: (reason: string) => never): unknown[] {
  const value = unet[key];
  return Array.isArray(value) ? value : fail(`its ${key} is ${JSON.stringify(value)}; a list is needed`);
}

/** An integer, or a pair of equal ones. */
function imageSize(value: unknown, fail: (reason: string) => never): number {
  const [size, width] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  if (!Number.isInteger(size) || size !== width || Number(size) < 1)
    fail(
      `its sample_size is ${JSON.stringify(value)}: name the size of the (square) images with --config or ` +
        `--set data.size=N`,
    );
  return Number(size);
}

const PREDICTIONS: Json = { epsilon: 'eps', sample: 'xStart', v_prediction: 'v' };
const VARIANCES: Json = {
  fixed_small: 'fixedSmall',
  fixed_small_log: 'fixedSmall',
  fixed_large: 'fixedLarge',
  fixed_large_log: 'fixedLarge',
  learned_range: 'learnedRange',
};
const SCHEDULES = ['linear', 'quad', 'cosine', 'const', 'jsd', 'warmup10', 'warmup50', 'sigmoid'] as const;

function chainSettings(scheduler: Json, fail: (reason: string) => never): Record<string, unknown> {
  const prediction = PREDICTIONS[(scheduler['prediction_type'] as string | undefined) ?? 'epsilon'];
  if (!prediction)
    fail(`its prediction_type ${JSON.stringify(scheduler['prediction_type'])} has no name here`);
  const variance = VARIANCES[(scheduler['variance_type'] as string | undefined) ?? 'fixed_small'];
  if (!variance) fail(`its variance_type ${JSON.stringify(scheduler['variance_type'])} is not one of ours`);
  const betas = betasOf(scheduler);
  if (!betas) fail(`its beta_schedule ${JSON.stringify(scheduler['beta_schedule'])} has no name here`);
  const [start, end] = [Number(scheduler['beta_start'] ?? 0.0001), Number(scheduler['beta_end'] ?? 0.02)];
  const T = betas!.length;
  const name = SCHEDULES.find((schedule) => sameBetas(betas, [...getBetaSchedule(schedule, start, end, T)]));
  if (!name) fail('its trained_betas are those of no schedule that has a name here');
  return {
    'diffusion.numTimesteps': T,
    'diffusion.betaSchedule': name,
    'diffusion.betaStart': start,
    'diffusion.betaEnd': end,
    'diffusion.modelMeanType': prediction,
    'diffusion.modelVarType': variance,
  };
}
