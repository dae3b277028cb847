import { basename } from 'node:path';
import { fleetError, NoteList } from '@ddpm-fleet/core';
import { DECODED_LIST, isDecoded, leftOut, listOf } from '../image/endings.js';
import { NO_LABEL, type Labelling } from '../labels.js';
import { byteOrder } from '../order.js';
import type { ImageReader, Source, SourceFile } from '../reader.js';
import { placeFolders, takeSplit, wantedSplits, type Placed } from '../splits.js';
import type { Found, Storage } from '../storage/storage.js';
import { classify, type Classes } from './folderClasses.js';

/** An image file, or what is called like one and cannot be read. */
export interface FolderImage extends SourceFile {
  readonly problem?: string;
}

export interface FolderOptions {
  readonly split: string;
  readonly onBadImage: 'refuse' | 'skip';
}

/**
 * A directory of pictures, searched to any depth. Folders may be splits (`train/`, `val/`, ...), of which `split` is taken.
 * Where all images of a split lie in folders, the first level names the class, and classes are numbered for all splits
 * together; where some lie directly in it, they have no labels.
 *
 * Index order takes the first image of each class, then the second of each, and so on (names in byte order), so that
 * the held-out images at its end are not all of the last class.
 */
export async function locateImageFolder(
  storage: Storage,
  path: string,
  { split, onBadImage }: FolderOptions,
): Promise<Source> {
  if (!(await storage.isDirectory(path))) {
    throw fleetError('DDPM_ERR_DATA_MISSING', { path, reason: 'it is not a directory' });
  }
  const found = await storage.find(path, isDecoded);
  const [closed] = found.closed;
  if (closed && onBadImage === 'refuse') throw fleetError('DDPM_ERR_DATA_MISSING', { ...closed });
  const images = imagesOf(found);
  if (images.length === 0) throw empty(path, found);
  const notes = notesOf(path, found);
  const wanted = wantedSplits(split);
  const placed = placeImages(storage, path, images, wanted);
  const taken = takeSplit(path, placed, wanted);
  const classes = classify(placed, taken, path, notes);
  const order = roundRobin(images, taken, classes);
  const files = order.map((index) => images[index]!);
  const labelling = labellingOf(order, classes);
  const splits = [...new Set(placed.flatMap((one) => one.split ?? []))].sort(byteOrder);
  return {
    ...{ name: basename(path), files, notes: notes.all, context: JSON.stringify(classes.names) },
    ...(splits.length > 0 && { splits }),
    open: async () => openImageFolder(storage, files, labelling),
  };
}

function openImageFolder(storage: Storage, files: readonly FolderImage[], labelling: Labelling): ImageReader {
  return {
    count: files.length,
    labelling,
    read: async (index) => {
      const file = files[index]!;
      if (file.problem !== undefined) throw new Error(file.problem);
      return { kind: 'encoded', bytes: await storage.readWhole(file) };
    },
    place: (index) => files[index]!.path,
    close: async () => {},
  };
}

function imagesOf({ files, broken }: Found): FolderImage[] {
  const unread = broken.map(({ path, reason }) => {
    return { path, sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, problem: reason };
  });
  return [...files, ...unread].sort((a, b) => byteOrder(a.path, b.path));
}

/** Folders are placed once, however many images they hold. */
function placeImages(
  storage: Storage,
  root: string,
  images: readonly FolderImage[],
  wanted: ReturnType<typeof wantedSplits>,
): Placed[] {
  const folderOf = images.map(({ path }) => storage.namesBelow(root, path).slice(0, -1));
  const folders = new Map(folderOf.map((names) => [names.join('/'), names]));
  const placed = placeFolders(root, [...folders.values()], wanted);
  const byFolder = new Map([...folders.keys()].map((key, i) => [key, placed[i]!]));
  return folderOf.map((names) => byFolder.get(names.join('/'))!);
}

/** Images by class in turn; one class where they have none. */
function roundRobin(images: readonly FolderImage[], taken: readonly boolean[], classes: Classes): number[] {
  const members = new Map<number, number[]>();
  for (const index of images.keys()) {
    if (!taken[index]) continue;
    const label = classes.labels[index]!;
    const others = members.get(label);
    if (others) others.push(index);
    else members.set(label, [index]);
  }
  const lists = [...members].sort(([a], [b]) => a - b).map(([, list]) => list);
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}

function labellingOf(order: readonly number[], { names, labels }: Classes): Labelling {
  const own = Int32Array.from(order, (index) => labels[index]!);
  const isLabelled = own.some((label) => label !== NO_LABEL);
  return { ...(isLabelled && { labels: own }), classNames: names, isText: false };
}

function notesOf(path: string, { closed, repeated, others }: Found): NoteList {
  const notes = new NoteList();
  for (const { path: place, reason } of closed) notes.count('DDPM_NOTE_DATA_CLOSED', { place, reason });
  for (const place of repeated) notes.count('DDPM_NOTE_DATA_REPEATED', { place });
  const pictures = leftOut(others);
  if (pictures) notes.add('DDPM_NOTE_DATA_ENDINGS', { path, ...pictures });
  return notes;
}

function empty(path: string, { others }: Found): Error {
  const there = others.size > 0 ? ` (it holds ${listOf(others)})` : '';
  return fleetError('DDPM_ERR_DATA_EMPTY', { path: `${path}${there}`, what: DECODED_LIST });
}
