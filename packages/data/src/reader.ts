/** One image as its file holds it: pixels (HWC), or the bytes of a PNG, JPEG or WebP. */
export type ImageRecord =
  | {
      readonly kind: 'pixels';
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3 | 4;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'encoded'; readonly bytes: Uint8Array };

/**
 * Random access to the images of one format, in an order that depends on the files alone.
 * Records are neither decoded nor resized: `prepare` does that the same way for all formats.
 */
export interface ImageReader {
  readonly count: number;
  /** Class of each record; undefined: no labels. */
  readonly labels?: Int32Array;
  readonly classNames: readonly string[];
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
  /** @param index that of a reader of the same files */
  open(index?: Uint8Array): Promise<ImageReader>;
}

/** Labels are below this; a larger number is some other column or a damaged file. */
export const MAX_CLASSES = 65536;

export function isLabel(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_CLASSES;
}

/** Names of classes that have only numbers. */
export function numberedClasses(labels: Int32Array | undefined): string[] {
  if (!labels) return [];
  const highest = labels.reduce((most, label) => Math.max(most, label), -1);
  return Array.from({ length: highest + 1 }, (_, label) => String(label));
}
