import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { byteOrder } from '../order.js';
import { missing, truncated } from './errors.js';
import { bytesOfPath, textOfName } from './pathBytes.js';
import type { Storage, StoredFile } from './storage.js';
import { walk } from './walk.js';

/** The file system of this machine. */
export const disk: Storage = {
  join,
  namesBelow: (directory, path) => relative(directory, path).split(sep),
  stat: async (path) => {
    const found = await statPath(path);
    // A pipe would be waited for, for ever.
    if (!found.isFile()) throw missing(path, found.isDirectory() ? 'it is a directory' : 'it is no file');
    return { path, sizeBytes: found.size, mtimeMs: found.mtimeMs, ctimeMs: found.ctimeMs };
  },
  isDirectory: async (path) => (await statPath(path)).isDirectory(),
  list: async (directory) => {
    const names = await orMissing(directory, readdir(bytesOfPath(directory), { encoding: 'buffer' }));
    return names.map(textOfName).sort(byteOrder);
  },
  find: walk,
  readWhole: ({ path }) => orMissing(path, readFile(bytesOfPath(path))),
  open: async ({ path }) => new DiskFile(path, await orMissing(path, open(bytesOfPath(path), 'r'))),
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

function statPath(path: string) {
  return orMissing(path, stat(bytesOfPath(path)));
}

async function orMissing<T>(path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (cause) {
    throw missing(path, cause);
  }
}
