import { basename, dirname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { LabelList } from '../labels.js';
import type { ImageReader, Source, SourceFile } from '../reader.js';
import { splitOfName, takeSplit, wantedSplits } from '../splits.js';
import type { Storage } from '../storage/storage.js';
import { readIdxFile } from './idxFile.js';

const IMAGES = /images.*idx3-ubyte(\.gz)?$/i;

/**
 * MNIST, Fashion-MNIST and other IDX files.
 * @param path a directory whose files name their split (train-images-idx3-ubyte, t10k-images-idx3-ubyte), or one file of
 *   images. Labels are taken from the file beside it whose name has `labels` and `idx1` for `images` and `idx3`, where there is one.
 */
export async function locateIdx(storage: Storage, path: string, split: string): Promise<Source> {
  const { imagesPath, splits } = (await storage.isDirectory(path))
    ? await findImages(storage, path, split)
    : named(path, split);
  const labelsPath = await findLabels(storage, imagesPath);
  const images = await storage.stat(imagesPath);
  const labels = labelsPath === undefined ? undefined : await storage.stat(labelsPath);
  const files = labels ? [images, labels] : [images];
  return {
    name: basename(dirname(imagesPath)),
    files,
    ...(splits && { splits }),
    open: () => openIdx(storage, images, labels),
  };
}

async function openIdx(
  storage: Storage,
  imagesFile: SourceFile,
  labelsFile: SourceFile | undefined,
): Promise<ImageReader> {
  const images = await readIdxFile(storage, imagesFile, 3);
  const [count, height, width] = images.shape as [number, number, number];
  const labels = new LabelList();
  const numbers = labelsFile ? await readLabels(storage, labelsFile, count) : [];
  for (const [i, label] of numbers.entries()) labels.add(label, () => `${labelsFile!.path} label ${i}`);
  const stride = height * width;
  return {
    count,
    labelling: labels.build(),
    read: async (index) => ({
      kind: 'pixels',
      width,
      height,
      channels: 1,
      data: images.data.subarray(index * stride, (index + 1) * stride),
    }),
    place: (index) => `${imagesFile.path} image ${index}`,
    close: async () => {},
  };
}

async function readLabels(storage: Storage, file: SourceFile, count: number): Promise<Uint8Array> {
  const { shape, data } = await readIdxFile(storage, file, 1);
  if (shape[0] === count) return data;
  throw fleetError('DDPM_ERR_DATA_FORMAT', {
    file: file.path,
    format: 'the labels of the images beside it',
    detail: `it has ${shape[0]} labels for ${count} images`,
  });
}

async function findImages(
  storage: Storage,
  directory: string,
  split: string,
): Promise<{ imagesPath: string; splits: string[] }> {
  const names = (await storage.list(directory)).filter((name) => IMAGES.test(name));
  if (names.length === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: directory, what: 'train-images-idx3-ubyte (or .gz)' });
  const wanted = wantedSplits(split);
  const placed = names.map((name) => ({ split: splitOfName(name, wanted) }));
  const taken = takeSplit(directory, placed, wanted);
  const plain = new Set(names.filter((_, i) => taken[i]).map((name) => name.replace(/\.gz$/i, '')));
  if (plain.size > 1) {
    const detail = `it holds ${[...plain].join(', ')}; name one of these files with data.path`;
    throw fleetError('DDPM_ERR_DATA_FORMAT', {
      file: directory,
      format: 'a directory of one IDX set',
      detail,
    });
  }
  const splits = placed.flatMap((one) => one.split ?? []);
  return { imagesPath: storage.join(directory, names[taken.indexOf(true)]!), splits };
}

/** One file that the user named. */
function named(path: string, split: string): { imagesPath: string; splits?: string[] } {
  const wanted = wantedSplits(split);
  takeSplit(path, [{ split: splitOfName(basename(path), wanted) }], wanted, true);
  return { imagesPath: path };
}

async function findLabels(storage: Storage, imagesPath: string): Promise<string | undefined> {
  const stem = basename(imagesPath).replace('images', 'labels').replace('idx3', 'idx1').replace(/\.gz$/, '');
  if (stem === basename(imagesPath).replace(/\.gz$/, '')) return undefined;
  const directory = dirname(imagesPath);
  const name = (await storage.list(directory)).find((entry) => entry === stem || entry === `${stem}.gz`);
  return name && storage.join(directory, name);
}
