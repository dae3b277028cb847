import { createHash } from 'node:crypto';
import { readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { FACTS, IMAGES, openEntry, type CacheEntry } from './cache/entry.js';
import { dataHome } from './cache/home.js';
import { entryDirectory } from './cache/key.js';
import { CacheWriteError } from './cache/writer.js';
import { imageBytes, type Dataset } from './dataset.js';
import { fillCache, fillMemory, fitOf } from './fill.js';
import { Fitter } from './image/fitter.js';
import { locate } from './locate.js';
import { DEFAULT_LIMITS, type Limits, type OpenOptions } from './options.js';
import { openPublished, publishEntry } from './published.js';
import type { Source } from './reader.js';
import { openStorage } from './storage/open.js';
import type { Storage } from './storage/storage.js';
import { directDataset, packedDataset, residentDataset } from './stored.js';

/**
 * Opens the data set of a run. The first time every image is decoded, hashed and kept in the cache; after that
 * opening takes a moment. Of data on S3 that was published, the first time does, too. See `Dataset` for what comes out.
 * @throws DDPM_ERR_DATA_* naming the file and the remedy, DDPM_ERR_STORE_* where S3 refuses or fails
 */
export async function openDataset(config: DataConfig, options: OpenOptions = {}): Promise<Dataset> {
  const storage = openStorage(config.path, options.s3);
  const source = await locate(config, storage);
  const limits = { ...DEFAULT_LIMITS, ...options };
  const directory = entryDirectory(options.home ?? dataHome(), config, source);
  if (options.publish) await publish(storage, directory, config, source, limits);
  if (source.files.length === 0) return fillMemory(config, source, limits);
  const known = await openEntry(directory);
  if (known) await touch(directory);
  const dataset = known && (await openKnown(known, source, config, limits));
  if (dataset) return dataset;
  // Where it may not be removed, it is not written anew either, and the images are decoded into memory.
  if (known) await rm(directory, { recursive: true, force: true }).catch(() => {});
  const published = await openPublished(storage, config, source);
  if (published) return openDirect(published, source, config);
  if (storage.write) options.onNotice?.(READS_ALL);
  return fill(directory, config, source, limits);
}

/** Says when the entry was last used, where that can be written. */
async function touch(directory: string): Promise<void> {
  const now = new Date();
  await utimes(join(directory, FACTS), now, now).catch(() => {});
}

const READS_ALL =
  'every image is read from the bucket once; `ddpm-fleet data prepare --publish` spares other machines that';

async function fill(directory: string, config: DataConfig, source: Source, limits: Limits): Promise<Dataset> {
  try {
    const entry = await fillCache(directory, config, source, limits);
    return (await openKnown(entry, source, config, limits)) ?? (await fillMemory(config, source, limits));
  } catch (error) {
    if (!(error instanceof CacheWriteError)) throw error;
    limits.onNotice?.(`the decoded images cannot be kept in ${directory} (${error.message})`);
    return fillMemory(config, source, limits);
  }
}

/** From the entry of this machine's cache, which is made where it is not there yet. */
async function publish(
  storage: Storage,
  directory: string,
  config: DataConfig,
  source: Source,
  limits: Limits,
): Promise<void> {
  const path = config.path || config.kind;
  if (!storage.write)
    throw fleetError('DDPM_ERR_DATA_PUBLISH', { path, problem: 'it is not on S3. Leave --publish out' });
  if (await openPublished(storage, config, source)) return;
  try {
    const entry = (await openEntry(directory)) ?? (await fillCache(directory, config, source, limits));
    const place = await publishEntry(storage, config, source, entry);
    limits.onNotice?.(`published: ${place}`);
  } catch (cause) {
    if (!(cause instanceof CacheWriteError)) throw cause;
    const problem = `the cache cannot be written (${cause.message}). Make room, or set DDPM_FLEET_HOME`;
    throw fleetError('DDPM_ERR_DATA_PUBLISH', { path, problem }, { cause });
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
  if (!facts.keepsImages) return openDirect(entry, source, config);
  const path = join(entry.directory, IMAGES);
  if (facts.size * imageBytes(facts) > limits.memoryBytes) return packedDataset(entry, source);
  const images = await readFile(path).catch(() => undefined);
  if (images && createHash('sha256').update(images).digest('hex') === facts.hash) {
    return residentDataset(entry, source, images);
  }
  limits.onNotice?.(`${path} is damaged; the images are decoded again`);
  return undefined;
}

async function openDirect(entry: CacheEntry, source: Source, config: DataConfig): Promise<Dataset> {
  const { facts, tables } = entry;
  const reader = await source.open(tables.index);
  return directDataset(
    entry,
    source,
    reader,
    new Fitter(reader, fitOf(config, facts.imageSize), config.size === 0),
  );
}
