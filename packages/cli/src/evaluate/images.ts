import type { DataConfig, RunConfig } from '@ddpm-fleet/config';
import { assertClasses, openDataset, type Dataset } from '@ddpm-fleet/data';
import { fleetError } from '@ddpm-fleet/core';
import { note } from '../output.js';
import { Progress } from '../progress.js';

export interface DataFlags {
  readonly split?: string;
  readonly dataPath?: string;
}

/** The data set that a model was trained on, or its other split, or the same kind elsewhere. */
export function dataConfigOf(
  { model }: { readonly model: { readonly config: RunConfig } },
  { split, dataPath }: DataFlags,
): DataConfig {
  const { data } = model.config;
  return { ...data, ...(split && { split }), ...(dataPath && { path: dataPath }) };
}

/**
 * Gives `use` the data set; what is decoded for the first time is told of.
 * @param numClasses of the model that labels, where there are some, must fit
 * @throws DDPM_ERR_DATA_CLASSES
 */
export async function withDataset<T>(
  config: DataConfig,
  numClasses: number,
  use: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  const progress = new Progress('decoding', 'images');
  const dataset = await openDataset(config, {
    onNotice: note,
    onProgress: (done, total) => progress.at(done, total),
  });
  progress.end();
  try {
    if (dataset.labels([0])) assertClasses(dataset, numClasses);
    return await use(dataset);
  } finally {
    await dataset.close();
  }
}

/**
 * Images of a data set by their numbers, uint8 [n, H, W, C].
 * @throws DDPM_ERR_EVALUATE_IMAGES for a number that it does not have
 */
export async function readImages(dataset: Dataset, indices: readonly number[]): Promise<Uint8Array> {
  const beyond = indices.find((index) => index >= dataset.size);
  if (beyond !== undefined) {
    throw fleetError('DDPM_ERR_EVALUATE_IMAGES', {
      index: beyond,
      name: dataset.name,
      last: dataset.size - 1,
    });
  }
  const pixels = new Uint8Array(indices.length * dataset.imageSize ** 2 * dataset.channels);
  await dataset.read(indices, pixels);
  return pixels;
}
