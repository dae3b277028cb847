import type { SourceFile } from '../../reader.js';
import { truncated } from '../../storage/errors.js';
import type { Storage, StoredFile } from '../../storage/storage.js';

/** Large enough that small members cost one read for many, small enough that large ones are skipped. */
const WINDOW_BYTES = 256 * 1024;

/** A file read mostly forwards in small pieces, through one window. */
export class WindowedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #file: StoredFile;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  private constructor({ path, sizeBytes }: SourceFile, file: StoredFile) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#file = file;
  }

  /** @throws DDPM_ERR_DATA_MISSING */
  static async open(storage: Storage, file: SourceFile): Promise<WindowedFile> {
    return new WindowedFile(file, await storage.open(file));
  }

  /** Exactly `length` bytes; a view that the next read may make stale. @throws DDPM_ERR_DATA_TRUNCATED */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.sizeBytes) throw truncated(this.path, offset + length, this.sizeBytes);
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      const wanted = Math.max(length, Math.min(WINDOW_BYTES, this.sizeBytes - offset));
      this.#window = await this.#file.read(offset, wanted);
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
