import type { FileSystem, OpenFile } from '../../src/disk/fileSystem.js';

/** The process is dead: thrown by the call at which it died and by every later one. */
export class Crash extends Error {}

/**
 * A file system on which the process dies at call number `at` (from 1): before the call does anything, or, if it is
 * a write, after half of it.
 */
export class CrashingFileSystem implements FileSystem {
  readonly #under: FileSystem;
  readonly #at: number;
  calls = 0;

  constructor(under: FileSystem, at = Infinity) {
    this.#under = under;
    this.#at = at;
  }

  get crashed(): boolean {
    return this.calls >= this.#at;
  }

  async mkdir(path: string): Promise<void> {
    return this.#call(() => this.#under.mkdir(path));
  }

  async open(path: string, flags: 'r' | 'wx'): Promise<OpenFile> {
    const file = await this.#call(() => this.#under.open(path, flags));
    return {
      write: (bytes) =>
        this.#call(
          () => file.write(bytes),
          async () => void (await file.write(bytes.subarray(0, bytes.length / 2))),
        ),
      read: (into, position) => this.#call(() => file.read(into, position)),
      sync: () => this.#call(() => file.sync()),
      // Closed for real whatever happened: the process that died here is this one.
      close: async () => {
        await file.close();
        await this.#call(async () => {});
      },
    };
  }

  async syncDirectory(path: string): Promise<void> {
    return this.#call(() => this.#under.syncDirectory(path));
  }

  async rename(from: string, to: string): Promise<void> {
    return this.#call(() => this.#under.rename(from, to));
  }

  async readdir(path: string): Promise<string[]> {
    return this.#call(() => this.#under.readdir(path));
  }

  async stat(path: string): Promise<{ sizeBytes: number; modifiedMs: number }> {
    return this.#call(() => this.#under.stat(path));
  }

  async unlink(path: string): Promise<void> {
    return this.#call(() => this.#under.unlink(path));
  }

  async rmdir(path: string): Promise<void> {
    return this.#call(() => this.#under.rmdir(path));
  }

  async #call<T>(call: () => Promise<T>, half: () => Promise<void> = async () => {}): Promise<T> {
    this.calls++;
    if (this.calls === this.#at) await half();
    if (this.crashed) throw new Crash(`died at call ${this.#at}`);
    return call();
  }
}
