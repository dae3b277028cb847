import type { RunConfig } from '@ddpm-fleet/config';
import type { Note } from '@ddpm-fleet/core';
import type { Dataset, SkippedImage } from './dataset.js';
import type { SourceSizes } from './tally.js';
import { countLabels, dataNotes } from './notes.js';

/** What `data inspect` says of a data set under the settings of a run. */
export interface DatasetFacts {
  readonly name: string;
  /** How many there are, the held-out ones among them. */
  readonly images: number;
  readonly heldOut: number;
  /** Width and height in pixels. */
  readonly imageSize: number;
  readonly channels: number;
  /** In the files. */
  readonly sizes: SourceSizes;
  /** What was taken of the splits that there are; absent where the set has none. */
  readonly split?: string;
  readonly splits?: readonly string[];
  /** Images of each class; absent where the images have no labels. */
  readonly classes?: Readonly<Record<string, number>>;
  readonly hash: string;
  readonly licence?: string;
  readonly skipped: readonly SkippedImage[];
  readonly notes: readonly Note[];
}

export function inspectDataset(dataset: Dataset, config: Pick<RunConfig, 'data' | 'model'>): DatasetFacts {
  const { name, size: images, imageSize, channels, sizes, hash, licence, skipped, splits } = dataset;
  const classes = countClasses(dataset);
  return {
    ...{ name, images, heldOut: config.data.heldOut, imageSize, channels, sizes },
    ...(splits && { split: config.data.split, splits }),
    ...(classes && { classes }),
    hash,
    ...(licence && { licence }),
    ...{ skipped, notes: dataNotes(dataset, config) },
  };
}

/** Images of each class by its name. */
function countClasses(dataset: Dataset): Record<string, number> | undefined {
  const counts = countLabels(dataset);
  return (
    counts && Object.fromEntries(dataset.classNames.map((name, label) => [name, counts.classes[label]!]))
  );
}
