import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Longer than any line. */
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/**
 * Reads a file of lines that somebody else appends to. The beginning of a line is read again until its end is there: a
 * writer that was killed leaves one, and the next writer takes it back. A writer whose disk failed puts a file with the
 * same lines in the place of the old one.
 */
export class LineFollower {
  readonly #path: string;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #file: number | undefined;
  #offset: number;

  /** @param offset of the first line to read, in bytes */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Where the next line begins, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** The next lines, of at most a mebibyte; none where nothing is new or the file is not there yet. */
  read(): string[] {
    this.#file = this.#open();
    if (this.#file === undefined) return [];
    const count = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset);
    const end = this.#chunk.subarray(0, count).lastIndexOf(LINE_FEED) + 1;
    this.#offset += end;
    return end === 0 ? [] : this.#chunk.toString('utf8', 0, end - 1).split('\n');
  }

  #open(): number | undefined {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (!there) return this.#file;
    if (this.#file !== undefined && fstatSync(this.#file).ino === there.ino) return this.#file;
    this.close();
    return openSync(this.#path, 'r');
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
