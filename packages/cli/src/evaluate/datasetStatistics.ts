import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheHome } from '@ddpm-fleet/data';
import {
  featureModelHash,
  statisticsOf,
  stepCount,
  writeStatistics,
  type FeatureOptions,
  type FeatureStatistics,
} from '@ddpm-fleet/inference';
import { note } from '../output.js';
import type { PartFlags } from '../parts/compute.js';
import type { Trained } from '../trained.js';
import { dataConfigOf, withDataset, type DataFlags } from './images.js';
import { partSizeOf, sumMoments } from './moments.js';

const BATCH = 32;

/** Statistics of a whole data set, kept under the hashes of its images and of the model of features. */
export async function datasetStatistics(
  trained: Trained,
  features: FeatureOptions,
  flags: DataFlags & PartFlags,
): Promise<{ file: string; name: string }> {
  const data = dataConfigOf(trained, flags);
  const {
    hash,
    size: count,
    name,
  } = await withDataset(data, trained.model.config.model.numClasses, async (dataset) => dataset);
  const key = `${hash.slice(0, 32)}-${(await featureModelHash(features)).slice(0, 32)}-${flags.threads}`;
  const file = join(cacheHome(), 'statistics', `${key}.npz`);
  if (!existsSync(file)) {
    const task = { kind: 'dataFeatures', data, features, seed: 0, count, batch: BATCH, partSize: partSizeOf(count, BATCH) } as const; // prettier-ignore
    const computation = { what: `features of ${name}`, unit: 'batches', steps: stepCount(task, 1) };
    await keep(file, statisticsOf(await sumMoments(trained, task, flags, computation), name));
  }
  note(`statistics of ${count} images of ${name}: ${file}`);
  return { file, name: `${count} images of ${name}` };
}

/** Whole or not at all. */
async function keep(file: string, statistics: FeatureStatistics): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}`;
  await writeStatistics(aside, statistics);
  await rename(aside, file);
}
