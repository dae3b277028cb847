import type { DataConfig } from '@ddpm-fleet/config';
import { makeNote, type Note } from '@ddpm-fleet/core';
import { CACHE_FORMAT, type CacheEntry } from './cache/entry.js';
import { CacheWriter } from './cache/writer.js';
import { imageBytes, type Dataset } from './dataset.js';
import type { Fit } from './image/fit.js';
import { Fitter, ownSizeOf } from './image/fitter.js';
import type { Labelling } from './labels.js';
import type { Limits } from './options.js';
import { prepare } from './preparedImages.js';
import { Tally } from './tally.js';
import type { ImageReader, Source } from './reader.js';
import { directDataset, residentDataset } from './stored.js';

/** Without a cache, larger data sets than this many decoded bytes are decoded at each read. */
const UNCACHED_BYTES = 2 ** 30;

export function fitOf(config: DataConfig, size: number): Fit {
  return { size, channels: config.channels === 1 ? 1 : 3, filter: config.resizeFilter };
}

/**
 * Decodes all images into a new cache entry.
 * @throws CacheWriteError when it cannot be written, DDPM_ERR_DATA_* when the images cannot be read
 */
export async function fillCache(
  directory: string,
  config: DataConfig,
  source: Source,
  limits: Limits,
): Promise<CacheEntry> {
  const pass = await openPass(config, source);
  let writer: CacheWriter | undefined;
  try {
    const keepsImages = decodedBytes(pass) <= limits.cacheBytes;
    writer = await CacheWriter.create(directory, keepsImages);
    const { facts, tables } = await decodeAll(pass, limits, keepsImages, (image) => writer!.append(image));
    return await writer.publish(facts, tables);
  } catch (error) {
    await writer?.abandon();
    throw error;
  } finally {
    await closePass(pass);
  }
}

/** Decodes all images and writes nothing. */
export async function fillMemory(config: DataConfig, source: Source, limits: Limits): Promise<Dataset> {
  const pass = await openPass(config, source);
  try {
    const keepsImages = decodedBytes(pass) <= UNCACHED_BYTES;
    const images: Uint8Array[] = [];
    const keep = (image: Uint8Array) => void (keepsImages && images.push(image));
    const entry = { ...(await decodeAll(pass, limits, keepsImages, keep)), directory: '' };
    if (!keepsImages) return directDataset(entry, pass.source, pass.reader, pass.fitter);
    await closePass(pass);
    return residentDataset(entry, source, Buffer.concat(images));
  } catch (error) {
    await closePass(pass);
    throw error;
  }
}

/** One pass over all images: where they come from and what they become. */
interface Pass {
  readonly source: Source;
  readonly config: DataConfig;
  readonly reader: ImageReader;
  readonly fitter: Fitter;
  readonly fit: Fit;
}

async function openPass(config: DataConfig, source: Source): Promise<Pass> {
  const reader = await source.open();
  try {
    const fit = fitOf(config, config.size || (await ownSizeOf(reader)));
    return { source, config, reader, fitter: new Fitter(reader, fit, config.size === 0), fit };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function closePass({ fitter, reader }: Pass): Promise<void> {
  await fitter.close();
  await reader.close();
}

function decodedBytes({ reader, fit }: Pass): number {
  return reader.count * imageBytes({ imageSize: fit.size, channels: fit.channels });
}

async function decodeAll(
  { source, config, reader, fitter, fit }: Pass,
  { onProgress }: Limits,
  keepsImages: boolean,
  onImage: (image: Uint8Array) => Promise<void> | void,
): Promise<Pick<CacheEntry, 'facts' | 'tables'>> {
  const { onBadImage } = config;
  const tally = new Tally(fit.size);
  const prepared = await prepare(reader, fitter, { onBadImage, tally, onImage, onProgress });
  const { hash, size, skipped, tables } = prepared;
  const { labelling, licence, notes = [] } = reader;
  // What is kept of data on a service may be published, and then the images are not.
  const index = keepsImages && source.files[0]?.version === undefined ? undefined : reader.index;
  const { unreadable } = labelling!;
  const facts = {
    ...{ format: CACHE_FORMAT, name: source.name, size, imageSize: fit.size, channels: fit.channels },
    ...{ classNames: labelling!.classNames, isLabelled: tables.labels !== undefined, sizes: tally.sizes },
    ...(unreadable && { unreadableLabels: unreadable }),
    ...{ notes: [...notes, ...textNote(labelling!), ...tally.notes(size)], hash, skipped, keepsImages },
  };
  return {
    facts: { ...facts, hasIndex: index !== undefined, ...(licence && { licence }) },
    tables: { ...tables, index },
  };
}

/** That text was taken for names of classes. */
function textNote({ isText, classNames }: Labelling): Note[] {
  if (!isText) return [];
  const list = classNames.length > 10 ? [...classNames.slice(0, 10), '...'] : classNames;
  return [makeNote('DDPM_NOTE_DATA_TEXT_LABELS', { count: classNames.length, list: list.join(', ') })];
}
