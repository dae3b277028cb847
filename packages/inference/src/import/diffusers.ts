import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@ddpm-fleet/checkpoint';
import type { RunConfig } from '@ddpm-fleet/config';
import { firstNonFinite, fleetError, type ParamLayout } from '@ddpm-fleet/core';
import { schedulerJson, unetJson } from '../export/diffusersConfig.js';
import { diffusersParam } from '../export/diffusersNames.js';
import { fromTorch } from '../export/layout.js';

export interface ImportTarget {
  readonly config: RunConfig;
  readonly image: { readonly size: number; readonly channels: number };
  readonly layout: ParamLayout;
}

const WEIGHTS = 'diffusion_pytorch_model.safetensors';

/** Settings of a `UNet2DModel` that say nothing about the function it computes. */
const IRRELEVANT = new Set(['_class_name', '_diffusers_version', 'dropout', 'sample_size']);

/** What diffusers assumes for a setting that an older folder leaves out. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  add_attention: true,
  attention_head_dim: 8,
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  norm_eps: 1e-5,
  resnet_time_scale_shift: 'default',
};

/**
 * The weights of a diffusers folder (a pipeline's, or its unet's) as a flat buffer of our layout.
 * @throws DDPM_ERR_IMPORT_DIFFUSERS when a file or tensor is missing, or its settings are not those of the config
 */
export async function importDiffusers(dir: string, target: ImportTarget): Promise<Float32Array> {
  const unetDir = existsSync(join(dir, 'unet')) ? join(dir, 'unet') : dir;
  const fail = (reason: string): never => {
    throw fleetError('DDPM_ERR_IMPORT_DIFFUSERS', { dir, reason });
  };
  const differences = [
    ...settingsThatDiffer(readJson(join(unetDir, 'config.json'), fail), unetJson(target)),
    ...schedulerDifferences(dir, target.config, fail),
  ];
  if (differences.length > 0)
    fail(`it was made with other settings than the config: ${differences.join('; ')}`);
  const path = join(unetDir, WEIGHTS);
  if (!existsSync(path)) fail(`${path} is missing`);
  const { tensors } = await readSafetensors(path);
  const flat = new Float32Array(target.layout.size);
  for (const entry of target.layout.entries) {
    const { name, layout } = diffusersParam(entry.name, target.config.model.chMult.length);
    const tensor = tensors.get(name) ?? tensors.get(oldName(name)) ?? fail(`the tensor ${name} is missing`);
    if (!(tensor.values instanceof Float32Array) || tensor.values.length !== entry.size) {
      fail(`the tensor ${name} is [${tensor.shape.join(', ')}], not float32 of ${entry.size} elements`);
    }
    const at = firstNonFinite(tensor.values as Float32Array);
    if (at >= 0) fail(`the tensor ${name} holds ${tensor.values[at]} (element ${at})`);
    flat.set(fromTorch(tensor.values as Float32Array, entry.shape, layout), entry.offset);
  }
  return flat;
}

function readJson(path: string, fail: (reason: string) => never): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    return fail(`${path}: ${(error as Error).message}`);
  }
}

function settingsThatDiffer(theirs: Record<string, unknown>, ours: Record<string, unknown>): string[] {
  return Object.entries(ours).flatMap(([key, value]) => {
    const given = key in theirs ? theirs[key] : DEFAULTS[key];
    if (IRRELEVANT.has(key) || given === undefined || JSON.stringify(given) === JSON.stringify(value))
      return [];
    return [`${key} ${JSON.stringify(given)} there, ${JSON.stringify(value)} here`];
  });
}

const SCHEDULE_KEYS = ['num_train_timesteps', 'beta_start', 'beta_end', 'beta_schedule', 'prediction_type'];

/** A bare unet folder has no scheduler; then the config is believed. */
function schedulerDifferences(dir: string, config: RunConfig, fail: (reason: string) => never): string[] {
  const path = join(dir, 'scheduler', 'scheduler_config.json');
  if (!existsSync(path)) return [];
  const ours = schedulerJson(config);
  return settingsThatDiffer(
    readJson(path, fail),
    Object.fromEntries(SCHEDULE_KEYS.map((key) => [key, ours[key]])),
  );
}

/** Names that folders of before diffusers 0.17 use in attention blocks. */
function oldName(name: string): string {
  const old: Record<string, string> = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' };
  return name.replace(/\.(to_q|to_k|to_v|to_out\.0)\./, (_, part: string) => `.${old[part]}.`);
}
