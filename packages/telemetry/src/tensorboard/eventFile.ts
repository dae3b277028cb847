import { closeSync, existsSync, mkdirSync, openSync, truncateSync, ftruncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file of records. What the disk does not take stays here, whole, and is tried again. */
export class EventFile {
  readonly path: string;
  #file: number | undefined;
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Of whole records that are in the file. */
  get bytes(): number {
    return this.#bytes;
  }

  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  add(record: Uint8Array): void {
    this.#waiting.push(record);
  }

  /** @throws Error while the disk takes nothing; then the file is as it was */
  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#file ??= this.#open();
    const bytes = Buffer.concat(this.#waiting);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
    this.#waiting = [];
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    mkdirSync(dirname(this.path), { recursive: true });
    return openSync(this.path, 'ax');
  }
}

/** Takes back what was written behind the position that was noted last. */
export function cutTo(path: string, bytes: number): void {
  if (existsSync(path)) truncateSync(path, bytes);
}
