import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fleetError } from '@ddpm-fleet/core';
import { openGraph, type ForeignGraph } from '@ddpm-fleet/engine';
import type { Pictures } from '../pictures/grid.js';

/** Of the image that a model is tried with, where it takes any. */
const TRIAL_SIZE = 96;

/** What values a model of features takes for black and white. */
export const RANGES = {
  ...{ '-1:1': [-1, 1], '0:1': [0, 1] },
  ...{ '0:255': [0, 255], '-128:127': [-128, 127] },
} as const;

export interface FeatureOptions {
  /** A SavedModel, or the model.json of a TF.js graph model. */
  readonly path: string;
  readonly range: keyof typeof RANGES;
  /** Which output; may be absent where there is one. */
  readonly output?: string;
}

/** Numbers that describe an image, by a model that the user names. */
export class FeatureModel {
  readonly #graph: ForeignGraph;
  readonly #options: FeatureOptions;

  /** @throws DDPM_ERR_GRAPH */
  static async open(options: FeatureOptions): Promise<FeatureModel> {
    const model = new FeatureModel(await openGraph(options.path), options);
    model.#assertUsable();
    return model;
  }

  private constructor(graph: ForeignGraph, options: FeatureOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  /** What it cannot do it is asked before anything else is computed. @throws DDPM_ERR_GRAPH */
  #assertUsable(): void {
    const { inputShape, inputType } = this.#graph;
    const { path, range } = this.#options;
    const [low, high] = RANGES[range];
    if (inputType === 'int32' && high - low < 255) {
      const detail = `its input takes whole numbers, and ${range} has none between (--feature-range 0:255 or -128:127)`;
      throw fleetError('DDPM_ERR_GRAPH', { path, detail });
    }
    const [batch, height, width, channels] = inputShape ?? [];
    const size = height && height === width ? height : TRIAL_SIZE;
    const count = batch ?? 1;
    const shape = { count, size, channels: channels ?? 3 };
    this.features({ ...shape, pixels: new Uint8Array(count * size * size * shape.channels) });
  }

  /** @returns [count, dimensions] */
  features({ pixels, count, size, channels }: Pictures): { values: Float32Array; dimensions: number } {
    const bytes = size * size * channels;
    // A graph may be made for one number of images alone.
    const batch = this.#graph.inputShape?.[0] ?? count;
    const parts: Float32Array[] = [];
    for (let first = 0; first < count; first += batch) {
      const filled = new Float32Array(batch * bytes);
      filled.set(pixels.subarray(first * bytes, (first + batch) * bytes));
      const values = tf.tidy(() => this.#run(tf.tensor4d(filled, [batch, size, size, channels])));
      parts.push(values.subarray(0, (values.length / batch) * Math.min(batch, count - first)));
    }
    const values = Float32Array.from(parts.flatMap((part) => [...part]));
    return { values, dimensions: values.length / count };
  }

  #run(bytes: tf.Tensor4D): Float32Array {
    return this.#graph.run(this.#fitted(bytes), this.#options.output).dataSync().slice() as Float32Array;
  }

  /** The range, channels and size that the model takes; images are resized bilinearly, pixel centres kept. */
  #fitted(bytes: tf.Tensor4D): tf.Tensor4D {
    const [, height, width, channels] = this.#graph.inputShape ?? [];
    const [low, high] = RANGES[this.#options.range];
    const scaled = tf.add(tf.mul(bytes, (high - low) / 255), low) as tf.Tensor4D;
    const coloured = channels === 3 && bytes.shape[3] === 1 ? tf.tile(scaled, [1, 1, 1, 3]) : scaled;
    if (!height || !width || (height === bytes.shape[1] && width === bytes.shape[2]))
      return this.#typed(coloured);
    return this.#typed(tf.image.resizeBilinear(coloured, [height, width], false, true));
  }

  /** tfjs itself makes uint8 and int64 of int32. */
  #typed(images: tf.Tensor4D): tf.Tensor4D {
    return this.#graph.inputType === 'int32' ? tf.cast(tf.round(images), 'int32') : images;
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

/** sha256 over the names and bytes of a model's files, in order of their names. */
export async function featureModelHash({ path, range, output }: FeatureOptions): Promise<string> {
  const dir = (await stat(path)).isDirectory() ? path : dirname(path);
  const names = (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash('sha256').update(`${range} ${output ?? ''}\0`);
  for (const name of names) {
    hash.update(`${name}\0`);
    for await (const chunk of createReadStream(join(dir, name))) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
