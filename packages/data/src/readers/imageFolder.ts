import { basename, extname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { byteOrder } from '../order.js';
import type { ImageReader, Source, SourceFile } from '../reader.js';
import type { Storage } from '../storage/storage.js';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/**
 * A directory of PNG, JPEG and WebP files, searched to any depth. Where all lie in subdirectories, the first level
 * names the class; where some lie directly in it, there are no labels. Other files and hidden ones are left alone.
 *
 * Index order takes the first image of each class, then the second of each, and so on (names in byte order), so that
 * the held-out images at its end are not all of the last class.
 * @param path the directory; where it has subdirectories `train` and `test`, the one of the split is taken
 */
export async function locateImageFolder(
  storage: Storage,
  path: string,
  split: 'train' | 'test',
): Promise<Source> {
  if (!(await storage.isDirectory(path))) {
    throw fleetError('DDPM_ERR_DATA_MISSING', { path, reason: 'it is not a directory' });
  }
  const root = await splitDirectory(storage, path, split);
  const found = await storage.find(root, (name) => EXTENSIONS.has(extname(name).toLowerCase()));
  const classes = classify(found, (file) => classOf(storage, root, file));
  const files = [...roundRobin([...classes.values()])];
  if (files.length === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: root, what: 'a .png, .jpg, .jpeg or .webp file' });
  const classNames = classes.has('') ? [] : [...classes.keys()];
  const labels = labelsOf(files, classNames, (file) => classOf(storage, root, file));
  return {
    name: basename(path),
    files,
    open: async () => openImageFolder(storage, files, classNames, labels),
  };
}

/** The subdirectory of the split, where there is one for each; else the directory itself. */
export async function splitDirectory(
  storage: Storage,
  path: string,
  split: 'train' | 'test',
): Promise<string> {
  const names = await storage.list(path);
  return names.includes('train') && names.includes('test') ? storage.join(path, split) : path;
}

function openImageFolder(
  storage: Storage,
  files: readonly SourceFile[],
  classNames: readonly string[],
  labels: Int32Array | undefined,
): ImageReader {
  return {
    count: files.length,
    ...(labels && { labels }),
    classNames,
    read: async (index) => ({ kind: 'encoded', bytes: await storage.readWhole(files[index]!) }),
    place: (index) => files[index]!.path,
    close: async () => {},
  };
}

function labelsOf(
  files: readonly SourceFile[],
  classNames: readonly string[],
  classOfFile: (file: SourceFile) => string,
): Int32Array | undefined {
  if (classNames.length === 0) return undefined;
  const label = new Map(classNames.map((name, index) => [name, index]));
  return Int32Array.from(files, (file) => label.get(classOfFile(file))!);
}

/** Images by class, classes and images in byte order. One class named '' where some lie directly in the root. */
function classify(
  files: readonly SourceFile[],
  classOfFile: (file: SourceFile) => string,
): Map<string, SourceFile[]> {
  const sorted = [...files].sort((a, b) => byteOrder(a.path, b.path));
  if (sorted.some((file) => classOfFile(file) === '')) return new Map([['', sorted]]);
  const classes = new Map<string, SourceFile[]>();
  for (const file of sorted) {
    const name = classOfFile(file);
    const members = classes.get(name);
    if (members) members.push(file);
    else classes.set(name, [file]);
  }
  return new Map([...classes].sort(([a], [b]) => byteOrder(a, b)));
}

function classOf(storage: Storage, root: string, { path }: SourceFile): string {
  const names = storage.namesBelow(root, path);
  return names.length > 1 ? names[0]! : '';
}

function* roundRobin<T>(classes: readonly (readonly T[])[]): Generator<T> {
  const longest = Math.max(0, ...classes.map((members) => members.length));
  for (let i = 0; i < longest; i++) {
    for (const members of classes) if (i < members.length) yield members[i]!;
  }
}
