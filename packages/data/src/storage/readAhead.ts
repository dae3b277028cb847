import type { SourceFile } from '../reader.js';

type Fetch = (start: number, length: number) => Promise<Uint8Array>;

interface Window {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** What lies between two reads of which one goes on from the other: the headers of a tar archive, a caption. */
const GAP_BYTES = 16 << 10;
/** So many reads in a row are no chance. */
const IN_A_ROW = 3;
const FIRST_BYTES = 256 << 10;
const MOST_BYTES = 8 << 20;

/**
 * Makes few requests of many small reads that go through files from front to back, as the first pass over a data set
 * does, and leaves reads here and there, as training makes them, as they are. Holds one window of one file.
 */
export class ReadAhead {
  #window: Window | undefined;
  #path = '';
  /** Where the last request ended. */
  #end = 0;
  #inARow = 0;
  #ahead = 0;

  /** Exactly the bytes asked for, an array of their own. @param fetch gives bytes of `file` */
  async read(
    { path, sizeBytes }: SourceFile,
    offset: number,
    length: number,
    fetch: Fetch,
  ): Promise<Uint8Array> {
    const known = this.#window;
    const isKnown = known?.path === path && offset >= known.start && offset + length <= known.end;
    const window = isKnown ? known : this.#next(path, sizeBytes, offset, length, fetch);
    const bytes = await window.bytes;
    // A slice, because what is sent to another thread takes its whole buffer along.
    return bytes.slice(offset - window.start, offset - window.start + length);
  }

  #next(path: string, sizeBytes: number, start: number, length: number, fetch: Fetch): Window {
    const readsOn = path === this.#path && Math.abs(start - this.#end) <= GAP_BYTES;
    this.#inARow = readsOn ? this.#inARow + 1 : 1;
    const ahead = Math.min(MOST_BYTES, Math.max(FIRST_BYTES, 2 * this.#ahead));
    this.#ahead = this.#inARow >= IN_A_ROW ? ahead : 0;
    // What the file does not have is left for `fetch` to refuse.
    const end = Math.max(start + length, Math.min(sizeBytes, start + this.#ahead));
    const window = { path, start, end, bytes: fetch(start, end - start) };
    [this.#path, this.#end] = [path, end];
    this.#window = this.#ahead > 0 ? window : undefined;
    window.bytes.catch(() => {
      // The next read asks again.
      if (this.#window === window) this.#window = undefined;
    });
    return window;
  }
}
