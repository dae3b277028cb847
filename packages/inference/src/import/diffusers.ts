import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, type Tensor } from '@ddpm-fleet/checkpoint';
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
  return weightsOf(path, await readSafetensors(path), target, fail);
}

type File = Awaited<ReturnType<typeof readSafetensors>>;

/** Every tensor of the model, and the model every tensor of the file. */
function weightsOf(
  path: string,
  { tensors, others }: File,
  { config, layout: ours }: ImportTarget,
  fail: (reason: string) => never,
): Float32Array {
  const flat = new Float32Array(ours.size);
  const unused = new Set([...tensors.keys(), ...others.keys()]);
  for (const entry of ours.entries) {
    const { name: wanted, layout } = diffusersParam(entry.name, config.model.chMult.length);
    const name = unused.has(wanted) ? wanted : oldName(wanted);
    const tensor = tensors.get(name);
    if (others.has(name)) fail(`${path}: the tensor ${name} is ${others.get(name)}, which is not read here`);
    if (!tensor) fail(`${path}: the tensor ${wanted} is missing`);
    unused.delete(name);
    flat.set(fromTorch(floatsOf(path, tensor!, entry.size, fail), entry.shape, layout), entry.offset);
  }
  const [first] = unused;
  if (first !== undefined)
    fail(`${path}: it holds ${unused.size} tensor(s) that the model of the config has not, e.g. ${first}`);
  return flat;
}

function floatsOf(
  path: string,
  { name, shape, values }: Tensor,
  size: number,
  fail: (reason: string) => never,
): Float32Array {
  if (!(values instanceof Float32Array))
    return fail(`${path}: the tensor ${name} is of ${values.constructor.name}, and floats are needed`);
  if (values.length !== size)
    fail(`${path}: the tensor ${name} is [${shape.join(', ')}], and ${size} elements are needed`);
  const at = firstNonFinite(values);
  if (at >= 0) fail(`${path}: the tensor ${name} holds ${values[at]} (element ${at})`);
  return values;
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
