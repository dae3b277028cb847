import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataConfig } from '@ddpm-fleet/config';
import { IMAGES, openEntry, type CacheEntry } from './cache/entry.js';
import { dataHome } from './cache/home.js';
import { entryDirectory } from './cache/key.js';
import { CacheWriteError } from './cache/writer.js';
import { imageBytes, type Dataset } from './dataset.js';
import { fillCache, fillMemory, fitOf } from './fill.js';
import { Fitter } from './image/fitter.js';
import { locate } from './locate.js';
import { DEFAULT_LIMITS, type Limits, type OpenOptions } from './options.js';
import type { Source } from './reader.js';
import { directDataset, packedDataset, residentDataset } from './stored.js';

/**
 * Opens the data set of a run. The first time every image is decoded, hashed and kept in the cache; after that
 * opening takes a moment. See `Dataset` for what comes out.
 * @throws DDPM_ERR_DATA_* naming the file and the remedy
 */
export async function openDataset(config: DataConfig, options: OpenOptions = {}): Promise<Dataset> {
  const source = await locate(config);
  const limits = { ...DEFAULT_LIMITS, ...options };
  if (source.files.length === 0) return fillMemory(config, source, limits);
  const directory = entryDirectory(options.home ?? dataHome(), config, source);
  const known = await openEntry(directory);
  const dataset = known && (await openKnown(known, source, config, limits));
  if (dataset) return dataset;
  if (known) await rm(directory, { recursive: true, force: true });
  try {
    const entry = await fillCache(directory, config, source, limits);
    return (await openKnown(entry, source, config, limits)) ?? (await fillMemory(config, source, limits));
  } catch (error) {
    if (!(error instanceof CacheWriteError)) throw error;
    options.onNotice?.(`the decoded images cannot be kept in ${directory} (${error.message})`);
    return fillMemory(config, source, limits);
  }
}

/** undefined: the entry's images are missing or damaged. */
async function openKnown(
  entry: CacheEntry,
  source: Source,
  config: DataConfig,
  limits: Limits,
): Promise<Dataset | undefined> {
  const { facts } = entry;
  if (!facts.keepsImages) {
    const reader = await source.open(entry.tables.index);
    return directDataset(
      entry,
      reader,
      new Fitter(reader, fitOf(config, facts.imageSize), config.size === 0),
    );
  }
  const path = join(entry.directory, IMAGES);
  if (facts.size * imageBytes(facts) > limits.memoryBytes) return packedDataset(entry);
  const images = await readFile(path).catch(() => undefined);
  if (images && createHash('sha256').update(images).digest('hex') === facts.hash) {
    return residentDataset(entry, images);
  }
  limits.onNotice?.(`${path} is damaged; the images are decoded again`);
  return undefined;
}
