import type { FileHandle } from 'node:fs/promises';
import { openFile, readExactly } from './files.js';

/** Well below the limit of open files that systems set by default. */
const MAX_OPEN = 128;

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** Reads under way: only files that nobody reads are closed. */
  users: number;
}

/** Random reads from many files, of which the most recently used stay open. */
export class OpenFiles {
  readonly #open = new Map<string, OpenFile>();

  /** Exactly `length` bytes. @throws DDPM_ERR_DATA_MISSING, DDPM_ERR_DATA_TRUNCATED */
  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const file = this.#use(path);
    try {
      return await readExactly(await file.handle, path, offset, length);
    } finally {
      file.users--;
      this.#closeOldest();
    }
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map(closeFile));
  }

  #use(path: string): OpenFile {
    const file = this.#open.get(path) ?? { handle: openFile(path), users: 0 };
    file.users++;
    // Last in the map is most recently used.
    this.#open.delete(path);
    this.#open.set(path, file);
    return file;
  }

  #closeOldest(): void {
    for (const [path, file] of this.#open) {
      if (this.#open.size <= MAX_OPEN) return;
      if (file.users > 0) continue;
      this.#open.delete(path);
      void closeFile(file);
    }
  }
}

async function closeFile({ handle }: OpenFile): Promise<void> {
  // A file that could not be opened has told its reader so.
  await handle.then((file) => file.close()).catch(() => {});
}
