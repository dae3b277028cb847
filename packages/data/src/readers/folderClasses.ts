import type { NoteList } from '@ddpm-fleet/core';
import { NO_LABEL } from '../labels.js';
import { byteOrder } from '../order.js';
import { isFiller, type Placed } from '../splits.js';

/** Classes of a set of folders, numbered for all its splits. */
export interface Classes {
  /** In byte order. */
  readonly names: readonly string[];
  /** Of each image, NO_LABEL in a split whose images lie in no folders. */
  readonly labels: Int32Array;
}

/**
 * The first folder below its split is an image's class, unless some images of the split lie in no folder, or all in one
 * that is called like `images`: then those have no labels.
 */
export function classify(
  placed: readonly Placed[],
  taken: readonly boolean[],
  path: string,
  notes: NoteList,
): Classes {
  const bySplit = new Map<string | undefined, Set<string>>();
  for (const { split, names } of placed) {
    const folders = bySplit.get(split) ?? new Set();
    bySplit.set(split, folders.add(names[0] ?? ''));
  }
  const hasClasses = (split: string | undefined): boolean => {
    const folders = [...bySplit.get(split)!];
    return !folders.includes('') && !(folders.length === 1 && isFiller(folders[0]!));
  };
  const labelled = new Set([...bySplit.keys()].filter(hasClasses));
  const names = [...new Set([...labelled].flatMap((split) => [...bySplit.get(split)!]))].sort(byteOrder);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const labels = Int32Array.from(placed, ({ split, names: [folder] }) =>
    labelled.has(split) ? numbers.get(folder!)! : NO_LABEL,
  );
  noteStrays(placed, taken, path, notes);
  return { names, labels };
}

/** Images beside folders of images make the folders no classes. */
function noteStrays(
  placed: readonly Placed[],
  taken: readonly boolean[],
  path: string,
  notes: NoteList,
): void {
  const own = placed.filter((_, i) => taken[i]);
  const strays = own.filter(({ names }) => names.length === 0).length;
  const folders = new Set(own.flatMap(({ names }) => names[0] ?? [])).size;
  if (strays > 0 && folders > 0) notes.add('DDPM_NOTE_DATA_STRAYS', { path, count: strays, folders });
}
