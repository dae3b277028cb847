import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { byteOrder } from '../order.js';
import type { SourceFile } from '../reader.js';
import { missing, reasonOf } from './errors.js';
import { bytesOfPath, textOfName } from './pathBytes.js';
import { endingOf, type Found, type Problem } from './storage.js';

interface FoundFile {
  readonly path: string;
  readonly isLink: boolean;
}

/** How many files are looked up at once. */
const WINDOW = 32;

/**
 * Files below a directory. Links are followed, each directory once, after what is really there: so no circle is walked
 * for ever, and a folder that a link leads to keeps its own name.
 * @throws DDPM_ERR_DATA_MISSING when the directory itself cannot be read
 */
export async function walk(root: string, wanted: (name: string) => boolean): Promise<Found> {
  const walker = new Walker(wanted);
  await walker.enter(root).catch((cause: unknown) => {
    throw missing(root, cause);
  });
  await walker.followLinks();
  return walker.found();
}

class Walker {
  readonly #wanted: (name: string) => boolean;
  readonly #files: FoundFile[] = [];
  readonly #linked: string[] = [];
  readonly #visited = new Set<string>();
  readonly #broken: Problem[] = [];
  readonly #closed: Problem[] = [];
  readonly #others = new Map<string, number>();
  readonly #repeated: string[] = [];

  constructor(wanted: (name: string) => boolean) {
    this.#wanted = wanted;
  }

  async enter(directory: string): Promise<void> {
    const key = identityOf(await stat(bytesOfPath(directory)));
    if (this.#visited.has(key)) return;
    this.#visited.add(key);
    const entries = await readdir(bytesOfPath(directory), { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries) {
      const name = textOfName(entry.name as unknown as Buffer);
      if (!name.startsWith('.')) await this.#look(join(directory, name), name, entry as unknown as Dirent);
    }
  }

  /** Links may lead to links. */
  async followLinks(): Promise<void> {
    while (this.#linked.length > 0) {
      const paths = this.#linked.splice(0).sort(byteOrder);
      for (const path of paths) await this.#enterOrNote(path);
    }
  }

  async found(): Promise<Found> {
    const files: SourceFile[] = [];
    const stats = new Map<FoundFile, Stats>();
    for (let at = 0; at < this.#files.length; at += WINDOW) {
      await Promise.all(this.#files.slice(at, at + WINDOW).map((file) => this.#stat(file, stats)));
    }
    const real = new Set([...stats].filter(([file]) => !file.isLink).map(([, found]) => identityOf(found)));
    for (const [{ path, isLink }, found] of stats) {
      if (isLink && real.has(identityOf(found))) this.#repeated.push(path);
      else files.push({ path, sizeBytes: found.size, mtimeMs: found.mtimeMs, ctimeMs: found.ctimeMs });
    }
    return {
      files,
      ...{ broken: this.#broken, closed: this.#closed, others: this.#others, repeated: this.#repeated },
    };
  }

  async #look(path: string, name: string, entry: Dirent): Promise<void> {
    if (entry.isDirectory()) return this.#enterOrNote(path);
    if (entry.isSymbolicLink()) return this.#lookBehind(path, name);
    this.#take(path, name, entry, false);
  }

  async #lookBehind(path: string, name: string): Promise<void> {
    try {
      const target = await stat(bytesOfPath(path));
      if (target.isDirectory()) this.#linked.push(path);
      else this.#take(path, name, target, true);
    } catch (error) {
      // A link to nothing matters only where it is called like an image.
      if (this.#wanted(name)) this.#broken.push({ path, reason: `a link, and ${reasonOf(error)}` });
    }
  }

  #take(path: string, name: string, what: Pick<Stats, 'isFile'>, isLink: boolean): void {
    if (!this.#wanted(name)) {
      if (what.isFile()) this.#others.set(endingOf(name), (this.#others.get(endingOf(name)) ?? 0) + 1);
    } else if (what.isFile()) this.#files.push({ path, isLink });
    else this.#broken.push({ path, reason: 'it is a pipe, a socket or a device and no file' });
  }

  async #enterOrNote(path: string): Promise<void> {
    try {
      await this.enter(path);
    } catch (error) {
      this.#closed.push({ path, reason: reasonOf(error) });
    }
  }

  async #stat(file: FoundFile, stats: Map<FoundFile, Stats>): Promise<void> {
    try {
      stats.set(file, await stat(bytesOfPath(file.path)));
    } catch (error) {
      this.#broken.push({ path: file.path, reason: reasonOf(error) });
    }
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
