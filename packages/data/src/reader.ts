import type { Note } from '@ddpm-fleet/core';
import type { Labelling } from './labels.js';

/** One image as its file holds it: pixels (HWC), or the bytes of an encoded picture. */
export type ImageRecord = Pixels | { readonly kind: 'encoded'; readonly bytes: Uint8Array };

export interface Pixels {
  readonly kind: 'pixels';
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/**
 * Random access to the images of one format, in an order that depends on the files alone.
 * Records are neither decoded nor resized: `prepare` does that the same way for all formats.
 */
export interface ImageReader {
  readonly count: number;
  /** Of the records. A reader that was opened by its index may leave it out: labels are kept beside it. */
  readonly labelling?: Labelling;
  /** What finding the records left out or assumed. */
  readonly notes?: readonly Note[];
  readonly licence?: string;
  /** What makes the next `open` fast, where finding the records took a pass over the files. */
  readonly index?: Uint8Array;
  /** Calls may overlap. */
  read(index: number): Promise<ImageRecord>;
  /** Names a record in an error message: file, and the image in it. */
  place(index: number): string | Promise<string>;
  close(): Promise<void>;
}

/** A file as it was when the data set was located; what the cache is keyed by. */
export interface SourceFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** Where a service names the contents: another name, other bytes. */
  readonly version?: string;
}

/** Where the images are: found without reading them. */
export interface Source {
  readonly name: string;
  readonly files: readonly SourceFile[];
  /** Splits that the set tells apart, in byte order; absent where it has none. */
  readonly splits?: readonly string[];
  /** What finding the files left out or assumed. */
  readonly notes?: readonly Note[];
  /** What else the images, labels and notes of the files depend on: names of classes in other splits, say. */
  readonly context?: string;
  /** @param index that of a reader of the same files */
  open(index?: Uint8Array): Promise<ImageReader>;
}
