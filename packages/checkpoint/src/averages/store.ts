import { emaName, viewOf, type ParamLayout } from '@ddpm-fleet/core';
import { layoutOf } from '../manifest.js';
import type { Entry, Medium } from '../medium.js';
import { assertSizes, newestFirst, problemOf, readVerified } from '../reading.js';
import { SafetensorsDecoder } from '../safetensors/decode.js';
import { encodeSafetensors, safetensorsSize, type Tensor } from '../safetensors/encode.js';
import { valuesOf } from '../safetensors/values.js';
import { assertState, type Snapshot } from '../state.js';
import { AVERAGE_TYPES, packed, type AverageType } from './dtype.js';
import { decodeAverages, encodeAverages, type AverageFile, type AveragesManifest } from './manifest.js';

/** A snapshot as far as it is known without reading its tensors. */
export interface AveragesInfo extends Entry {
  /** Absent where it cannot be read. */
  readonly manifest?: AveragesManifest;
  /** Why it cannot be used. */
  readonly problem?: string;
  readonly sizeBytes: number;
}

/**
 * Snapshots of a run's power averages, in a directory or in S3: no weights and no optimizer, and no rule removes them.
 * They are published as checkpoints are, whole or not at all, each file and the manifest hashed.
 */
export class AverageStore {
  readonly #medium: Medium;

  constructor(medium: Medium) {
    this.#medium = medium;
  }

  get location(): string {
    return this.#medium.location;
  }

  /**
   * Resolves when it is durable; one of the same step is replaced.
   * @throws DDPM_ERR_CHECKPOINT_STATE, DDPM_ERR_CHECKPOINT_WRITE; then nothing was published and all others stay
   */
  async publish({ state, layout, meta }: Snapshot, type: AverageType): Promise<{ sizeBytes: number }> {
    assertState(state, layout);
    const { globalStep } = state;
    const ticket = this.#medium.ticket(globalStep, 1);
    try {
      const files: AverageFile[] = [];
      for (const ema of state.emas) {
        if (ema.relativeStd === undefined) continue;
        const tensors = tensorsOf(ema.values, layout, type);
        const metadata = { format: 'pt', globalStep: String(globalStep), layoutHash: layout.hash };
        const stored = await this.#medium.put(ticket, {
          name: `${emaName({ relativeStd: ema.relativeStd })}.safetensors`,
          sizeBytes: safetensorsSize(tensors, metadata),
          chunks: () => encodeSafetensors(tensors, metadata),
        });
        files.push({ relativeStd: ema.relativeStd, ...stored });
      }
      const params = layout.entries.map(({ name, shape }) => ({ name, shape }));
      const head = { globalStep, type, layout: { hash: layout.hash, params }, files, meta };
      await this.#medium.commit(ticket, files, encodeAverages(head));
      return { sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) };
    } catch (error) {
      await this.#medium.abandon(ticket);
      throw error;
    }
  }

  /** All, oldest first. */
  async list(): Promise<AveragesInfo[]> {
    const infos: AveragesInfo[] = [];
    for (const entry of (await newestFirst(this.#medium)).toReversed()) infos.push(await this.#info(entry));
    return infos;
  }

  /**
   * Adds one average, times `coefficient`, to `sum` [layout.size]. A damaged file changes nothing.
   * @throws Error in words where it is damaged
   */
  async addTo(
    sum: Float64Array,
    info: AveragesInfo,
    relativeStd: number,
    coefficient: number,
  ): Promise<void> {
    const manifest = info.manifest!;
    const layout = layoutOf(manifest);
    const file = manifest.files.find((one) => one.relativeStd === relativeStd)!;
    const bytes = new Map<string, Uint8Array<ArrayBuffer>>();
    const decoder = new SafetensorsDecoder(file.path, ({ name, start, end }) => {
      bytes.set(name, new Uint8Array(end - start));
      return bytes.get(name)!;
    });
    await readVerified(this.#medium, info, file, (chunk) => decoder.push(chunk));
    decoder.finish();
    const { dtype } = AVERAGE_TYPES[manifest.type];
    for (const { name, offset, size } of layout.entries) {
      const values = valuesOf(bytes.get(name)!, dtype, file.path) as Float32Array;
      for (let i = 0; i < size; i++) sum[offset + i]! += coefficient * values[i]!;
    }
  }

  /** It is gone at once. */
  async remove(info: Entry): Promise<void> {
    await this.#medium.remove(info);
  }

  async #info(entry: Entry): Promise<AveragesInfo> {
    const { name, globalStep } = entry;
    try {
      const manifest = decodeAverages(await this.#medium.readManifest(entry), name);
      if (manifest.globalStep !== globalStep)
        throw new Error(`manifest.json: it is of step ${manifest.globalStep}`);
      await assertSizes(this.#medium, entry, manifest.files);
      const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      return { name, globalStep, manifest, sizeBytes };
    } catch (error) {
      return { name, globalStep, problem: problemOf(error), sizeBytes: 0 };
    }
  }
}

function tensorsOf(values: Float32Array, layout: ParamLayout, type: AverageType): Tensor[] {
  const { dtype } = AVERAGE_TYPES[type];
  return layout.entries.map((entry) => ({
    name: entry.name,
    shape: entry.shape,
    values: packed(viewOf(values, entry), type),
    ...(type !== 'float32' && { half: dtype as 'F16' | 'BF16' }),
  }));
}
