import { fleetError, NoteList, type Note } from '@ddpm-fleet/core';
import { listOf } from '../image/endings.js';
import { byteOrder } from '../order.js';
import type { SourceFile } from '../reader.js';
import { placeFiles, splitOfName, takeSplit, wantedSplits, type Placed } from '../splits.js';
import { endingOf, type Storage } from '../storage/storage.js';

/** The files of a set whose images lie in archives, in byte order of their paths. */
export interface Archives {
  /** Of the splits that are taken. */
  readonly files: readonly SourceFile[];
  /** Of the set's other splits. */
  readonly elsewhere: readonly SourceFile[];
  readonly splits?: readonly string[];
  readonly notes: readonly Note[];
}

const COMPRESSED = new Set(['.gz', '.tgz', '.bz2', '.tbz', '.xz', '.txz', '.zst', '.lz4']);

/**
 * All files of an ending below a directory, those of the wanted splits apart.
 * @throws DDPM_ERR_DATA_EMPTY, DDPM_ERR_DATA_SPLIT, DDPM_ERR_DATA_MISSING where one of them cannot be read
 */
export async function findArchives(
  storage: Storage,
  path: string,
  ending: '.tar' | '.parquet',
  split: string,
): Promise<Archives> {
  const found = await storage.find(path, (name) => endingOf(name) === ending);
  const [problem] = [...found.broken, ...found.closed];
  if (problem) throw fleetError('DDPM_ERR_DATA_MISSING', { ...problem });
  const compressed = new Map([...found.others].filter(([other]) => COMPRESSED.has(other)));
  if (found.files.length === 0) {
    const there = found.others.size > 0 ? ` (it holds ${listOf(found.others)})` : '';
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: `${path}${there}`, what: `a ${ending} file` });
  }
  const notes = new NoteList();
  if (compressed.size > 0) notes.add('DDPM_NOTE_DATA_COMPRESSED', { path, list: listOf(compressed), ending });
  const files = [...found.files].sort((a, b) => byteOrder(a.path, b.path));
  const wanted = wantedSplits(split);
  const names = files.map((file) => [...storage.namesBelow(path, file.path).slice(0, -1), stemOf(file.path)]);
  const placed = placeFiles(path, names, wanted);
  return { ...divide(files, placed, takeSplit(path, placed, wanted)), notes: notes.all };
}

/** Files that the user named one by one: the usual split takes them, whatever they are called. */
export function namedArchives(path: string, files: readonly SourceFile[], split: string): Archives {
  const wanted = wantedSplits(split);
  const placed = files.map((file) => ({ split: splitOfName(stemOf(file.path), wanted) }));
  const taken = takeSplit(path, placed, wanted, true);
  return { ...divide(files, placed, taken), notes: [] };
}

function divide(
  files: readonly SourceFile[],
  placed: readonly Pick<Placed, 'split'>[],
  taken: readonly boolean[],
): Omit<Archives, 'notes'> {
  const splits = [...new Set(placed.flatMap((one) => one.split ?? []))].sort(byteOrder);
  return {
    files: files.filter((_, i) => taken[i]),
    elsewhere: files.filter((_, i) => !taken[i]),
    ...(splits.length > 0 && { splits }),
  };
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
}
