import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { byteOrder } from '../order.js';
import { missing, truncated } from './errors.js';
import { statAll, type Storage, type StoredFile } from './storage.js';

/** The file system of this machine. */
export const disk: Storage = {
  join,
  namesBelow: (directory, path) => relative(directory, path).split(sep),
  stat: async (path) => {
    const { size, mtimeMs, ctimeMs } = await statPath(path);
    return { path, sizeBytes: size, mtimeMs, ctimeMs };
  },
  isDirectory: async (path) => (await statPath(path)).isDirectory(),
  list: async (directory) => (await orMissing(directory, readdir(directory))).sort(byteOrder),
  find: async (directory, wanted) => statAll(disk, await findPaths(directory, wanted)),
  readWhole: ({ path }) => orMissing(path, readFile(path)),
  open: async ({ path }) => new DiskFile(path, await orMissing(path, open(path, 'r'))),
};

class DiskFile implements StoredFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(out, done, length - done, offset + done);
      if (bytesRead === 0) throw truncated(this.#path, offset + length, (await this.#handle.stat()).size);
      done += bytesRead;
    }
    return out;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function findPaths(directory: string, wanted: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await orMissing(directory, readdir(directory, { withFileTypes: true }))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await disk.isDirectory(path)))) {
      for (const below of await findPaths(path, wanted)) found.push(below);
    } else if (wanted(entry.name)) found.push(path);
  }
  return found;
}

function statPath(path: string) {
  return orMissing(path, stat(path));
}

async function orMissing<T>(path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (cause) {
    throw missing(path, cause);
  }
}
