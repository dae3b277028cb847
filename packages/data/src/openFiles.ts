import type { SourceFile } from './reader.js';
import type { Storage, StoredFile } from './storage/storage.js';

/** Well below the limit of open files that systems set by default. */
const MAX_OPEN = 128;

interface OpenFile {
  readonly file: Promise<StoredFile>;
  /** Reads under way: only files that nobody reads are closed. */
  users: number;
}

/** Random reads from many files, of which the most recently used stay open. */
export class OpenFiles {
  readonly #storage: Storage;
  readonly #open = new Map<string, OpenFile>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Exactly `length` bytes. @throws DDPM_ERR_DATA_MISSING, DDPM_ERR_DATA_TRUNCATED, DDPM_ERR_DATA_CHANGED */
  async read(file: SourceFile, offset: number, length: number): Promise<Uint8Array> {
    const open = this.#use(file);
    try {
      return await (await open.file).read(offset, length);
    } finally {
      open.users--;
      this.#closeOldest();
    }
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map(closeFile));
  }

  #use(source: SourceFile): OpenFile {
    const { path } = source;
    const open = this.#open.get(path) ?? { file: this.#storage.open(source), users: 0 };
    open.users++;
    // Last in the map is most recently used.
    this.#open.delete(path);
    this.#open.set(path, open);
    return open;
  }

  #closeOldest(): void {
    for (const [path, open] of this.#open) {
      if (this.#open.size <= MAX_OPEN) return;
      if (open.users > 0) continue;
      this.#open.delete(path);
      void closeFile(open);
    }
  }
}

async function closeFile({ file }: OpenFile): Promise<void> {
  // A file that could not be opened has told its reader so.
  await file.then((open) => open.close()).catch(() => {});
}
