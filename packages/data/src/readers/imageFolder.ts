import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { byteOrder, isDirectory, listDirectory, missing, statFile } from '../files.js';
import type { ImageReader, Source, SourceFile } from '../reader.js';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** How many files are looked up at once. */
const WINDOW = 32;

/**
 * A directory of PNG, JPEG and WebP files, searched to any depth. Where all lie in subdirectories, the first level
 * names the class; where some lie directly in it, there are no labels. Other files and hidden ones are left alone.
 *
 * Index order takes the first image of each class, then the second of each, and so on (names in byte order), so that
 * the held-out images at its end are not all of the last class.
 * @param path the directory; where it has subdirectories `train` and `test`, the one of the split is taken
 */
export async function locateImageFolder(path: string, split: 'train' | 'test'): Promise<Source> {
  if (!(await isDirectory(path))) {
    throw fleetError('DDPM_ERR_DATA_MISSING', { path, reason: 'it is not a directory' });
  }
  const root = await splitDirectory(path, split);
  const classes = classify(root, await findImages(root));
  const files = await statAll([...roundRobin([...classes.values()])]);
  if (files.length === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: root, what: 'a .png, .jpg, .jpeg or .webp file' });
  const classNames = classes.has('') ? [] : [...classes.keys()];
  return { name: basename(path), files, open: async () => openImageFolder(root, files, classNames) };
}

/** The subdirectory of the split, where there is one for each; else the directory itself. */
export async function splitDirectory(path: string, split: 'train' | 'test'): Promise<string> {
  const names = await listDirectory(path);
  return names.includes('train') && names.includes('test') ? join(path, split) : path;
}

function openImageFolder(
  root: string,
  files: readonly SourceFile[],
  classNames: readonly string[],
): ImageReader {
  const label = new Map(classNames.map((name, index) => [name, index]));
  return {
    count: files.length,
    ...(classNames.length > 0 && {
      labels: Int32Array.from(files, ({ path }) => label.get(classOf(root, path))!),
    }),
    classNames,
    read: async (index) => ({ kind: 'encoded', bytes: await readImage(files[index]!.path) }),
    place: (index) => files[index]!.path,
    close: async () => {},
  };
}

/** Images by class, classes and images in byte order. One class named '' where some lie directly in the root. */
function classify(root: string, paths: readonly string[]): Map<string, string[]> {
  const sorted = [...paths].sort(byteOrder);
  if (sorted.some((path) => classOf(root, path) === '')) return new Map([['', sorted]]);
  const classes = new Map<string, string[]>();
  for (const path of sorted) {
    const name = classOf(root, path);
    const members = classes.get(name);
    if (members) members.push(path);
    else classes.set(name, [path]);
  }
  return new Map([...classes].sort(([a], [b]) => byteOrder(a, b)));
}

function classOf(root: string, path: string): string {
  const parts = relative(root, path).split(sep);
  return parts.length > 1 ? parts[0]! : '';
}

function* roundRobin(classes: readonly (readonly string[])[]): Generator<string> {
  const longest = Math.max(0, ...classes.map((members) => members.length));
  for (let i = 0; i < longest; i++) {
    for (const members of classes) if (i < members.length) yield members[i]!;
  }
}

/** @throws DDPM_ERR_DATA_MISSING naming a directory that cannot be read */
async function findImages(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw missing(directory, cause);
  });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(path)))) {
      for (const image of await findImages(path)) found.push(image);
    } else if (EXTENSIONS.has(extname(entry.name).toLowerCase())) found.push(path);
  }
  return found;
}

async function statAll(paths: readonly string[]): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (let at = 0; at < paths.length; at += WINDOW) {
    files.push(...(await Promise.all(paths.slice(at, at + WINDOW).map(statFile))));
  }
  return files;
}

async function readImage(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
}
