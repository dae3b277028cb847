import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE_FORMAT, FACTS, type Facts } from './entry.js';
import { dataHome } from './home.js';

/** One data set in the cache of this machine. */
export interface CachedDataset {
  readonly directory: string;
  readonly sizeBytes: number;
  /** When it was last opened, as far as the cache could be written then. */
  readonly usedAt: Date;
  /** Absent of what another release left, of what is damaged, and of what is being written or was given up. */
  readonly facts?: Pick<Facts, 'name' | 'size' | 'imageSize' | 'channels' | 'keepsImages'>;
}

/** What is kept, the least recently used first. Empty where there is no cache. */
export async function listCache(home = dataHome()): Promise<CachedDataset[]> {
  const names = await readdir(home).catch(() => []);
  const entries = await Promise.all(names.map((name) => entryAt(join(home, name))));
  return entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => a.usedAt.getTime() - b.usedAt.getTime());
}

/** What goes, so that the rest fits and is young enough. Unreadable entries always go, but those that are being written. */
export interface PruneLimits {
  readonly now: Date;
  readonly olderThanMs?: number;
  readonly toBytes?: number;
}

/** Entries, the least recently used first, that limits leave no place for. */
export function chooseStale(entries: readonly CachedDataset[], limits: PruneLimits): CachedDataset[] {
  const { now, olderThanMs = Infinity, toBytes = Infinity } = limits;
  let left = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return entries.filter((entry) => {
    const age = now.getTime() - entry.usedAt.getTime();
    const isLost = !entry.facts && age > WRITING_MS;
    if (!isLost && age <= olderThanMs && left <= toBytes) return false;
    left -= entry.sizeBytes;
    return true;
  });
}

/** A process that still writes an entry has touched it by then. */
const WRITING_MS = 24 * 3600 * 1000;

/**
 * Removes entries. A run that has one open keeps it; what opens the data set later decodes it again.
 * @returns those that could not be removed, with the reason
 */
export async function removeCached(
  entries: readonly CachedDataset[],
): Promise<{ directory: string; reason: string }[]> {
  const failed: { directory: string; reason: string }[] = [];
  for (const { directory } of entries) {
    await rm(directory, { recursive: true, force: true }).catch((error: unknown) => {
      failed.push({ directory, reason: (error as Error).message });
    });
  }
  return failed;
}

async function entryAt(directory: string): Promise<CachedDataset | undefined> {
  try {
    const names = await readdir(directory);
    const files = await Promise.all(names.map((name) => stat(join(directory, name))));
    const sizeBytes = files.reduce((sum, { size }) => sum + size, 0);
    const used = files.reduce(
      (latest, { mtimeMs }) => Math.max(latest, mtimeMs),
      (await stat(directory)).mtimeMs,
    );
    const facts = await factsAt(directory);
    return { directory, sizeBytes, usedAt: new Date(used), ...(facts && { facts }) };
  } catch {
    // A file, or an entry that somebody else removes.
    return undefined;
  }
}

async function factsAt(directory: string): Promise<CachedDataset['facts']> {
  try {
    const { facts } = JSON.parse(await readFile(join(directory, FACTS), 'utf8')) as { facts: Facts };
    if (facts.format !== CACHE_FORMAT) return undefined;
    const { name, size, imageSize, channels, keepsImages } = facts;
    return { name, size, imageSize, channels, keepsImages };
  } catch {
    return undefined;
  }
}
