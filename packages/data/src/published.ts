import type { DataConfig } from '@ddpm-fleet/config';
import { bytesOf } from '@ddpm-fleet/core';
import { CHECKS, FACTS, INDEX, LABELS, readEntry, sealFacts, type CacheEntry } from './cache/entry.js';
import { entryName } from './cache/key.js';
import type { Source } from './reader.js';
import { isServiceError, type Storage } from './storage/storage.js';

/** Hidden, so that no reader takes it for images. */
const HOME = '.ddpm-fleet';

/**
 * What one machine found out about every image of a data set on a service (hash, labels, checks, offsets), left beside
 * the images: who finds it there reads only the images it needs, and checks each of them.
 * @throws DDPM_ERR_STORE_*
 */
export async function openPublished(
  storage: Storage,
  config: DataConfig,
  source: Source,
): Promise<CacheEntry | undefined> {
  if (!storage.write) return undefined;
  const directory = publishedDirectory(storage, config, source);
  const read = async (name: string) => storage.readWhole(await storage.stat(storage.join(directory, name)));
  return readEntry(directory, read, isServiceError);
}

/**
 * Publishes an entry without its images. The facts come last: they are what others look for.
 * @param storage one that can be written
 * @returns where it is
 * @throws DDPM_ERR_STORE_*
 */
export async function publishEntry(
  storage: Storage,
  config: DataConfig,
  source: Source,
  { facts, tables }: CacheEntry,
): Promise<string> {
  const directory = publishedDirectory(storage, config, source);
  const put = (name: string, bytes: Uint8Array) => storage.write!(storage.join(directory, name), bytes);
  if (tables.labels) await put(LABELS, bytesOf(tables.labels));
  if (tables.index) await put(INDEX, tables.index);
  await put(CHECKS, bytesOf(tables.checks));
  await put(FACTS, Buffer.from(sealFacts({ ...facts, keepsImages: false }, tables)));
  return directory;
}

function publishedDirectory(storage: Storage, config: DataConfig, source: Source): string {
  const root = commonDirectory(source.files.map(({ path }) => path));
  return storage.join(storage.join(root, HOME), entryName(config, source));
}

/** The deepest directory that all paths are in. */
function commonDirectory(paths: readonly string[]): string {
  let common = paths[0]!.slice(0, paths[0]!.lastIndexOf('/') + 1);
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  }
  return common;
}
