import { NoteList, type Note, type NoteCode } from '@ddpm-fleet/core';
import type { Fitted } from './image/pool.js';

/** Sets in which nothing is brighter than this, of 255, look black. */
const DARK = 32;

/** Sizes of images in their files, width and height in pixels. */
export interface SourceSizes {
  /** How many different ones. */
  readonly count: number;
  /** By area. */
  readonly smallest: readonly [number, number];
  readonly largest: readonly [number, number];
}

/** Counts what becomes of images on their way into a data set, and keeps the first example of each. */
export class Tally {
  readonly #size: number;
  readonly #counted = new Map<NoteCode, { count: number; readonly values: Note['values'] }>();
  readonly #sizes = new Map<string, readonly [number, number]>();
  #cut = 0;
  #brightest = 0;

  /** @param size width and height that images get */
  constructor(size: number) {
    this.#size = size;
  }

  async see(fitted: Fitted, place: () => string | Promise<string>): Promise<void> {
    const { width, height, image, warning, frames = 1 } = fitted;
    this.#sizes.set(`${width}x${height}`, [width, height]);
    this.#lookForLight(image);
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    this.#cut += 1 - short / long;
    if (warning !== undefined) await this.#count('DDPM_NOTE_DATA_WARNED', place, { reason: warning });
    if (fitted.isTransparent) await this.#count('DDPM_NOTE_DATA_TRANSPARENT', place);
    if (frames > 1) await this.#count('DDPM_NOTE_DATA_FRAMES', place, { frames });
    if (short < long) await this.#count('DDPM_NOTE_DATA_CROPPED', place);
    if (short < this.#size)
      await this.#count('DDPM_NOTE_DATA_ENLARGED', place, { width, height, size: this.#size });
  }

  /** @param size number of images */
  notes(size: number): readonly Note[] {
    const notes = new NoteList();
    for (const [code, { count, values }] of this.#counted) {
      const isCrop = code === 'DDPM_NOTE_DATA_CROPPED';
      notes.add(code, {
        ...values,
        count,
        of: size,
        ...(isCrop && { percent: percentOf(this.#cut / count) }),
      });
    }
    if (this.#brightest < DARK) notes.add('DDPM_NOTE_DATA_DARK', { brightest: this.#brightest });
    return notes.all;
  }

  get sizes(): SourceSizes {
    const sorted = [...this.#sizes.values()].sort(([a, b], [c, d]) => a * b - c * d || a - c);
    return { count: sorted.length, smallest: sorted[0]!, largest: sorted.at(-1)! };
  }

  /** Most sets show at their first image that they are not dark. */
  #lookForLight(image: Uint8Array): void {
    if (this.#brightest >= DARK) return;
    for (const value of image) this.#brightest = Math.max(this.#brightest, value);
  }

  async #count(
    code: NoteCode,
    place: () => string | Promise<string>,
    values: Note['values'] = {},
  ): Promise<void> {
    const known = this.#counted.get(code);
    if (known) known.count++;
    else this.#counted.set(code, { count: 1, values: { ...values, place: await place() } });
  }
}

function percentOf(fraction: number): number {
  return Math.max(1, Math.round(100 * fraction));
}
