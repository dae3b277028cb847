import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { parseEvent, type TimesEvent } from './events.js';

/** Enough for the newest line even of large fleets. */
const TAIL_BYTES = 4 << 20;

/**
 * The file of what was measured. It may lack lines: each says all that the ones before it said, and one that the disk
 * does not take is left out, counted, and said with the next one.
 */
export class Measures {
  readonly #path: string;
  #file: number | undefined;
  #missed = 0;

  constructor(path: string) {
    this.#path = path;
  }

  append(event: TimesEvent): void {
    const missed = this.#missed > 0 ? { missed: this.#missed } : {};
    try {
      this.#file ??= openSync(this.#path, 'a+');
      writeWhole(this.#file, Buffer.from(`${JSON.stringify({ ...event, ...missed })}\n`));
      this.#missed = 0;
    } catch {
      this.#missed++;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** A part of a line would spoil the next one. */
function writeWhole(file: number, bytes: Buffer): void {
  const { size } = fstatSync(file);
  if (writeSync(file, bytes) === bytes.length) return;
  ftruncateSync(file, size);
  throw new Error('the disk is full');
}

/** The newest line of the file, where there is one. */
export function newestTimes(path: string): TimesEvent | undefined {
  for (const text of lastLines(path).toReversed()) {
    const event = parseEvent(text);
    if (event?.kind === 'times') return event;
  }
  return undefined;
}

function lastLines(path: string): string[] {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8').split('\n');
  } catch {
    return [];
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
