import type { Tensor } from '@ddpm-fleet/checkpoint';
import type { RunConfig } from '@ddpm-fleet/config';
import { firstNonFinite, type ParamLayout } from '@ddpm-fleet/core';
import { diffusersParam } from '../export/diffusersNames.js';
import { fromTorch, torchShape } from '../export/layout.js';
import { importError, readDiffusersFolder, readDiffusersTensors } from './folder.js';
import { deriveSettings } from './derive.js';
import { classRows, differences } from './settings.js';

export interface ImportTarget {
  readonly config: RunConfig;
  readonly image: { readonly size: number; readonly channels: number };
  readonly layout: ParamLayout;
}

/**
 * The weights of a diffusers folder (a pipeline's, or its unet's) as a flat buffer of our layout.
 * @throws DDPM_ERR_IMPORT_DIFFUSERS when a file or tensor is missing, or its settings are not those of the config
 */
export async function importDiffusers(dir: string, target: ImportTarget): Promise<Float32Array> {
  const folder = readDiffusersFolder(dir);
  const differing = differences(folder, target);
  if (differing.length > 0)
    throw importError(dir, `it was made with other settings than the config: ${differing.join('; ')}`);
  return new Weights(dir, folder.weights, await readDiffusersTensors(folder)).into(target);
}

/** `deriveSettings` of a folder on disk. @throws DDPM_ERR_IMPORT_DIFFUSERS */
export async function settingsOfDiffusers(dir: string): Promise<string[]> {
  const folder = readDiffusersFolder(dir);
  if (classRows(folder.unet) === 0) return deriveSettings(folder, false);
  const { tensors } = await readDiffusersTensors(folder);
  const { shape = [], values } = tensors.get('class_embedding.weight') ?? {};
  const last = values instanceof Float32Array ? values.subarray(-(shape[1] ?? 0)) : undefined;
  return deriveSettings(folder, last?.every((value) => value === 0) ?? false);
}

/** Every tensor of the model, and the model every tensor of the files. */
class Weights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #others: ReadonlyMap<string, string>;
  readonly #fail: (reason: string) => never;

  constructor(
    dir: string,
    path: string,
    files: { tensors: ReadonlyMap<string, Tensor>; others: ReadonlyMap<string, string> },
  ) {
    this.#tensors = files.tensors;
    this.#others = files.others;
    this.#fail = (reason) => {
      throw importError(dir, `${path}: ${reason}`);
    };
  }

  into({ config, layout: ours }: ImportTarget): Float32Array {
    const flat = new Float32Array(ours.size);
    const unused = new Set([...this.#tensors.keys(), ...this.#others.keys()]);
    for (const entry of ours.entries) {
      const { name: wanted, layout } = diffusersParam(entry.name, config.model.chMult.length);
      const name = unused.has(wanted) ? wanted : oldName(wanted);
      unused.delete(name);
      const shape = torchShape(entry.shape, layout);
      const values = this.#floats(name, wanted, layout === 'table' ? [entry.shape, shape] : [shape]);
      flat.set(fromTorch(values, entry.shape, layout), entry.offset);
    }
    const [first] = unused;
    if (first !== undefined)
      this.#fail(`it holds ${unused.size} tensor(s) that the model of the config has not, e.g. ${first}`);
    return flat;
  }

  /** @param shapes those that it may have */
  #floats(name: string, wanted: string, shapes: readonly (readonly number[])[]): Float32Array {
    if (this.#others.has(name))
      this.#fail(`the tensor ${name} is ${this.#others.get(name)}, which is not read here`);
    const { shape, values } = this.#tensors.get(name) ?? this.#fail(`the tensor ${wanted} is missing`);
    if (!(values instanceof Float32Array))
      return this.#fail(`the tensor ${name} is of ${values.constructor.name}, and floats are needed`);
    if (!shapes.some((allowed) => allowed.join() === shape.join()))
      this.#fail(`the tensor ${name} is [${shape.join(', ')}], and [${shapes[0]!.join(', ')}] is needed`);
    const at = firstNonFinite(values);
    if (at >= 0) this.#fail(`the tensor ${name} holds ${values[at]} (element ${at})`);
    return values;
  }
}

/** Names that folders of before diffusers 0.17 use in attention blocks. */
function oldName(name: string): string {
  const old: Record<string, string> = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' };
  return name.replace(/\.(to_q|to_k|to_v|to_out\.0)\./, (_, part: string) => `.${old[part]}.`);
}
