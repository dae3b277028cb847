import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bytesOf } from '@ddpm-fleet/core';
import {
  CHECKS,
  FACTS,
  IMAGES,
  INDEX,
  LABELS,
  openEntry,
  sealFacts,
  type CacheEntry,
  type Facts,
  type Tables,
} from './entry.js';

const STALE_MS = 24 * 3600 * 1000;
const BUFFER_BYTES = 4 << 20;

/** The cache could not be written: the data set can still be used, only not remembered. */
export class CacheWriteError extends Error {}

/** Writes an entry aside and publishes it with one rename: whole or not at all, whoever else writes the same one. */
export class CacheWriter {
  readonly #target: string;
  readonly #aside: string;
  readonly #images: FileHandle | undefined;
  #buffer: Uint8Array[] = [];
  #buffered = 0;

  private constructor(target: string, aside: string, images: FileHandle | undefined) {
    this.#target = target;
    this.#aside = aside;
    this.#images = images;
  }

  /** @throws CacheWriteError */
  static async create(target: string, keepsImages: boolean): Promise<CacheWriter> {
    return orCacheError(async () => {
      await mkdir(dirname(target), { recursive: true });
      await removeStale(target);
      const aside = `${target}.tmp-${randomBytes(6).toString('hex')}`;
      await mkdir(aside);
      return new CacheWriter(target, aside, keepsImages ? await open(join(aside, IMAGES), 'wx') : undefined);
    });
  }

  /** Appends one decoded image, which must not change afterwards. @throws CacheWriteError */
  async append(image: Uint8Array): Promise<void> {
    if (!this.#images) return;
    this.#buffer.push(image);
    this.#buffered += image.byteLength;
    if (this.#buffered >= BUFFER_BYTES) await this.#flush();
  }

  /** @throws CacheWriteError */
  async publish(facts: Facts, tables: Tables): Promise<CacheEntry> {
    return orCacheError(async () => {
      await this.#flush();
      await this.#images?.sync();
      await this.#images?.close();
      if (tables.labels) await writeFile(join(this.#aside, LABELS), bytesOf(tables.labels), { flush: true });
      if (tables.index) await writeFile(join(this.#aside, INDEX), tables.index, { flush: true });
      await writeFile(join(this.#aside, CHECKS), bytesOf(tables.checks), { flush: true });
      await writeFile(join(this.#aside, FACTS), sealFacts(facts, tables), { flush: true });
      await this.#moveIntoPlace();
      return { facts, tables, directory: this.#target };
    });
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#images?.close().catch(() => {});
    await rm(this.#aside, { recursive: true, force: true }).catch(() => {});
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#buffer);
    this.#buffer = [];
    this.#buffered = 0;
    await orCacheError(async () => this.#images && writeWhole(this.#images, bytes));
  }

  async #moveIntoPlace(): Promise<void> {
    try {
      await rename(this.#aside, this.#target);
    } catch (error) {
      // Another process was first (its entry is as good as ours), or a damaged entry is in the way.
      if (!(await openEntry(this.#target))) {
        await rm(this.#target, { recursive: true, force: true });
        await rename(this.#aside, this.#target);
        return;
      }
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await rm(this.#aside, { recursive: true, force: true });
    }
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
}

async function orCacheError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw cause instanceof CacheWriteError ? cause : new CacheWriteError((cause as Error).message, { cause });
  }
}

/** What killed processes left aside. Those of living ones are young. */
async function removeStale(target: string): Promise<void> {
  const directory = dirname(target);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${basename(target)}.tmp-`)) continue;
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    // In a cache that users share it may be somebody else's.
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
