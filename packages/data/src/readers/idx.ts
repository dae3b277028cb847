import { basename, dirname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { numberedClasses, type ImageReader, type Source, type SourceFile } from '../reader.js';
import type { Storage } from '../storage/storage.js';
import { readIdxFile } from './idxFile.js';

/** MNIST and its like name their files by split. */
const PREFIX = { train: 'train', test: 't10k' } as const;

/**
 * MNIST, Fashion-MNIST and other IDX files.
 * @param path a directory with train-images-idx3-ubyte and t10k-images-idx3-ubyte, or one file of images. Labels are
 *   taken from the file beside it whose name has `labels` and `idx1` for `images` and `idx3`, where there is one.
 */
export async function locateIdx(storage: Storage, path: string, split: 'train' | 'test'): Promise<Source> {
  const imagesPath = (await storage.isDirectory(path)) ? await findImages(storage, path, split) : path;
  const labelsPath = await findLabels(storage, imagesPath);
  const images = await storage.stat(imagesPath);
  const labels = labelsPath === undefined ? undefined : await storage.stat(labelsPath);
  const files = labels ? [images, labels] : [images];
  return { name: basename(dirname(imagesPath)), files, open: () => openIdx(storage, images, labels) };
}

async function openIdx(
  storage: Storage,
  imagesFile: SourceFile,
  labelsFile: SourceFile | undefined,
): Promise<ImageReader> {
  const images = await readIdxFile(storage, imagesFile, 3);
  const [count, height, width] = images.shape as [number, number, number];
  const labels = labelsFile ? await readLabels(storage, labelsFile, count) : undefined;
  const stride = height * width;
  return {
    count,
    ...(labels && { labels }),
    classNames: numberedClasses(labels),
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

async function readLabels(storage: Storage, file: SourceFile, count: number): Promise<Int32Array> {
  const { shape, data } = await readIdxFile(storage, file, 1);
  if (shape[0] === count) return Int32Array.from(data);
  throw fleetError('DDPM_ERR_DATA_FORMAT', {
    file: file.path,
    format: 'the labels of the images beside it',
    detail: `it has ${shape[0]} labels for ${count} images`,
  });
}

async function findImages(storage: Storage, directory: string, split: 'train' | 'test'): Promise<string> {
  const wanted = new RegExp(`^${PREFIX[split]}-images[.-]idx3-ubyte(\\.gz)?$`);
  const name = (await storage.list(directory)).find((entry) => wanted.test(entry));
  if (name) return storage.join(directory, name);
  throw fleetError('DDPM_ERR_DATA_EMPTY', {
    path: directory,
    what: `${PREFIX[split]}-images-idx3-ubyte (or .gz)`,
  });
}

async function findLabels(storage: Storage, imagesPath: string): Promise<string | undefined> {
  const stem = basename(imagesPath).replace('images', 'labels').replace('idx3', 'idx1').replace(/\.gz$/, '');
  if (stem === basename(imagesPath).replace(/\.gz$/, '')) return undefined;
  const directory = dirname(imagesPath);
  const name = (await storage.list(directory)).find((entry) => entry === stem || entry === `${stem}.gz`);
  return name && storage.join(directory, name);
}
