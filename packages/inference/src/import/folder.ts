import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, type Tensor } from '@ddpm-fleet/checkpoint';
import { fleetError } from '@ddpm-fleet/core';

type Json = Readonly<Record<string, unknown>>;

/** A folder as diffusers' `save_pretrained` writes it. */
export interface DiffusersFolder {
  readonly dir: string;
  /** Its unet's config.json. */
  readonly unet: Json;
  /** scheduler_config.json; a bare unet folder has none. */
  readonly scheduler?: Json;
  /** The weights file, or the index of its shards. */
  readonly weights: string;
}

const WEIGHTS = 'diffusion_pytorch_model';
/** In the order of preference; fp16 is what `variant="fp16"` writes. */
const ENDINGS = [
  '.safetensors',
  '.safetensors.index.json',
  '.fp16.safetensors',
  '.safetensors.index.fp16.json',
];

/**
 * Settings and the place of the weights of a pipeline's folder, or of its unet's.
 * @throws DDPM_ERR_IMPORT_DIFFUSERS naming what is missing or not read
 */
export function readDiffusersFolder(dir: string): DiffusersFolder {
  const unetDir = existsSync(join(dir, 'unet')) ? join(dir, 'unet') : dir;
  const scheduler = join(dir, 'scheduler', 'scheduler_config.json');
  return {
    dir,
    unet: readJson(dir, join(unetDir, 'config.json')),
    ...(existsSync(scheduler) && { scheduler: readJson(dir, scheduler) }),
    weights: weightsPath(dir, unetDir),
  };
}

/** Every tensor of the folder by name, and the dtypes of those that are not read. @throws DDPM_ERR_IMPORT_DIFFUSERS */
export async function readDiffusersTensors(
  folder: DiffusersFolder,
): Promise<{ tensors: Map<string, Tensor>; others: Map<string, string> }> {
  const tensors = new Map<string, Tensor>();
  const others = new Map<string, string>();
  for (const path of shardsOf(folder)) {
    if (!existsSync(path)) throw importError(folder.dir, `${path} is missing`);
    const file = await readSafetensors(path);
    for (const [name, tensor] of file.tensors) tensors.set(name, tensor);
    for (const [name, dtype] of file.others) others.set(name, dtype);
  }
  return { tensors, others };
}

export function importError(dir: string, reason: string): Error {
  return fleetError('DDPM_ERR_IMPORT_DIFFUSERS', { dir, reason });
}

function weightsPath(dir: string, unetDir: string): string {
  const found = ENDINGS.map((ending) => join(unetDir, WEIGHTS + ending)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const pickled = ['.bin', '.fp16.bin'].find((ending) => existsSync(join(unetDir, WEIGHTS + ending)));
  if (pickled !== undefined) {
    throw importError(
      dir,
      `${WEIGHTS}${pickled} is a Python pickle, which can run code and is not read; load the folder in diffusers and ` +
        `write it again with save_pretrained(..., safe_serialization=True)`,
    );
  }
  throw importError(dir, `${join(unetDir, WEIGHTS)}.safetensors is missing`);
}

/** Shards lie beside their index; a name that leads elsewhere is refused. */
function shardsOf({ dir, weights }: DiffusersFolder): string[] {
  if (!weights.endsWith('.json')) return [weights];
  const { weight_map: map } = readJson(dir, weights);
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
  const bad = names.find((name) => typeof name !== 'string' || !/^[\w.-]+\.safetensors$/.test(name));
  if (names.length === 0 || bad !== undefined)
    throw importError(dir, `${weights}: its weight_map names ${bad === undefined ? 'no file' : String(bad)}`);
  return (names as string[]).map((name) => join(weights, '..', name));
}

function readJson(dir: string, path: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw importError(dir, `${path}: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw importError(dir, `${path} is not a JSON object`);
  return value as Json;
}
