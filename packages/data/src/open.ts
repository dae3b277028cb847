import { readFile, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DataConfig } from '@ddpm-fleet/config';
import { CACHE_FORMAT, IMAGES, openEntry, type CacheEntry, type Facts } from './cache/entry.js';
import { dataHome } from './cache/home.js';
import { entryDirectory } from './cache/key.js';
import { CacheWriteError, CacheWriter } from './cache/writer.js';
import { imageBytes, type Dataset } from './dataset.js';
import type { Fit } from './image/fit.js';
import { locate } from './locate.js';
import { prepare, type Prepared } from './prepare.js';
import type { ImageReader, Source } from './reader.js';
import { directDataset, packedDataset, residentDataset } from './stored.js';

export interface OpenOptions {
  /** Directory of the cache. Default: data/ under DDPM_FLEET_HOME or ~/.cache/ddpm-fleet. */
  readonly home?: string;
  /** Data sets up to this many decoded bytes are held in memory. Default 256 MiB. */
  readonly memoryBytes?: number;
  /** Data sets up to this many decoded bytes are kept decoded in the cache. Default 8 GiB. */
  readonly cacheBytes?: number;
  /** Told in words what was out of the ordinary. */
  onNotice?(text: string): void;
  /** Called while the images are decoded for the first time. */
  onProgress?(done: number, total: number): void;
}

const DEFAULTS = { memoryBytes: 256 * 2 ** 20, cacheBytes: 8 * 2 ** 30 };

/**
 * Opens the data set of a run. The first time every image is decoded, hashed and kept in the cache; after that
 * opening takes a moment. See `Dataset` for what comes out.
 * @throws DDPM_ERR_DATA_* naming the file and the remedy
 */
export async function openDataset(config: DataConfig, options: OpenOptions = {}): Promise<Dataset> {
  const source = await locate(config);
  const limits = { ...DEFAULTS, ...options };
  if (source.files.length === 0) return openUncached(config, source, options);
  const directory = entryDirectory(options.home ?? dataHome(), config, source);
  const cached = await openEntry(directory);
  const dataset = cached && (await openCached(cached, source, config, limits));
  if (dataset) return dataset;
  if (cached) await rm(directory, { recursive: true, force: true });
  try {
    const entry = await fillCache(directory, config, source, limits);
    return (await openCached(entry, source, config, limits)) ?? (await openUncached(config, source, options));
  } catch (error) {
    if (!(error instanceof CacheWriteError)) throw error;
    options.onNotice?.(`the decoded images cannot be kept in ${directory} (${error.message})`);
    return openUncached(config, source, options);
  }
}

type Limits = OpenOptions & typeof DEFAULTS;

/** undefined: the entry's images are missing or damaged. */
async function openCached(
  entry: CacheEntry,
  source: Source,
  config: DataConfig,
  limits: Limits,
): Promise<Dataset | undefined> {
  const { facts } = entry;
  if (!facts.keepsImages) return directDataset(entry, await source.open(), fitOf(config, facts.imageSize));
  const path = join(entry.directory, IMAGES);
  if (facts.size * imageBytes(facts) > limits.memoryBytes) return packedDataset(entry);
  const images = await readFile(path).catch(() => undefined);
  if (images && createHash('sha256').update(images).digest('hex') === facts.hash) {
    return residentDataset(entry, images);
  }
  limits.onNotice?.(`${path} is damaged; the images are decoded again`);
  return undefined;
}

async function fillCache(
  directory: string,
  config: DataConfig,
  source: Source,
  limits: Limits,
): Promise<CacheEntry> {
  const reader = await source.open();
  let writer: CacheWriter | undefined;
  try {
    const keepsImages = reader.count * (config.size || 256) ** 2 * config.channels <= limits.cacheBytes;
    writer = await CacheWriter.create(directory, keepsImages);
    const prepared = await decodeAll(reader, config, limits, (image) => writer!.append(image));
    return await writer.publish(factsFrom(source, reader, config, prepared, keepsImages), prepared.tables);
  } catch (error) {
    await writer?.abandon();
    throw error;
  } finally {
    await reader.close();
  }
}

/** Decodes into memory and writes nothing. */
async function openUncached(config: DataConfig, source: Source, options: OpenOptions): Promise<Dataset> {
  const reader = await source.open();
  try {
    const images: Uint8Array[] = [];
    const prepared = await decodeAll(reader, config, options, (image) => void images.push(image));
    const facts = factsFrom(source, reader, config, prepared, true);
    return residentDataset({ facts, tables: prepared.tables, directory: '' }, Buffer.concat(images));
  } finally {
    await reader.close();
  }
}

function decodeAll(
  reader: ImageReader,
  config: DataConfig,
  { onProgress }: OpenOptions,
  onImage: (image: Uint8Array) => Promise<void> | void,
): Promise<Prepared> {
  const { onBadImage, size } = config;
  return prepare(reader, {
    fit: fitOf(config, size),
    onBadImage,
    onImage,
    ...(onProgress && { onProgress }),
  });
}

function fitOf(config: DataConfig, size: number): Fit {
  return { size, channels: config.channels === 1 ? 1 : 3, filter: config.resizeFilter };
}

function factsFrom(
  source: Source,
  reader: ImageReader,
  config: DataConfig,
  { hash, imageSize, size, skipped }: Prepared,
  keepsImages: boolean,
): Facts {
  const { classNames, licence } = reader;
  const channels = config.channels === 1 ? 1 : 3;
  const fixed = { format: CACHE_FORMAT, name: source.name, size, imageSize, channels } as const;
  return { ...fixed, classNames, hash, skipped, keepsImages, ...(licence && { licence }) };
}
