import type { DataConfig } from '@ddpm-fleet/config';
import type { Note } from '@ddpm-fleet/core';
import type { Dataset, SkippedImage } from './dataset.js';
import { dataNotes } from './notes.js';

/** What `data inspect` says of a data set under the settings of a run. */
export interface DatasetFacts {
  readonly name: string;
  /** How many there are, the held-out ones among them. */
  readonly images: number;
  readonly heldOut: number;
  /** Width and height in pixels. */
  readonly imageSize: number;
  readonly channels: number;
  /** Images of each class; absent where the images have no labels. */
  readonly classes?: Readonly<Record<string, number>>;
  readonly hash: string;
  readonly licence?: string;
  readonly skipped: readonly SkippedImage[];
  readonly notes: readonly Note[];
}

export function inspectDataset(dataset: Dataset, config: DataConfig): DatasetFacts {
  const { name, size: images, imageSize, channels, hash, licence, skipped } = dataset;
  const classes = countClasses(dataset);
  return {
    ...{ name, images, heldOut: config.heldOut, imageSize, channels },
    ...(classes && { classes }),
    hash,
    ...(licence && { licence }),
    ...{ skipped, notes: dataNotes(dataset, config) },
  };
}

/** Images of each class by its name; undefined where the images have no labels. */
export function countClasses(dataset: Dataset): Record<string, number> | undefined {
  const labels = dataset.labels(Uint32Array.from({ length: dataset.size }, (_, index) => index));
  if (!labels) return undefined;
  const counts = new Uint32Array(dataset.classNames.length);
  for (const label of labels) counts[label]!++;
  return Object.fromEntries(dataset.classNames.map((name, label) => [name, counts[label]!]));
}
