import { basename, dirname, join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { isDirectory, listDirectory, statFile } from '../files.js';
import { numberedClasses, type ImageReader, type Source } from '../reader.js';
import { readIdxFile } from './idxFile.js';

/** MNIST and its like name their files by split. */
const PREFIX = { train: 'train', test: 't10k' } as const;

/**
 * MNIST, Fashion-MNIST and other IDX files.
 * @param path a directory with train-images-idx3-ubyte and t10k-images-idx3-ubyte, or one file of images. Labels are
 *   taken from the file beside it whose name has `labels` and `idx1` for `images` and `idx3`, where there is one.
 */
export async function locateIdx(path: string, split: 'train' | 'test'): Promise<Source> {
  const imagesPath = (await isDirectory(path)) ? await findImages(path, split) : path;
  const labelsPath = await findLabels(imagesPath);
  const files = [await statFile(imagesPath)];
  if (labelsPath) files.push(await statFile(labelsPath));
  const name = basename(dirname(imagesPath));
  return { name, files, open: () => openIdx(imagesPath, labelsPath) };
}

async function openIdx(imagesPath: string, labelsPath: string | undefined): Promise<ImageReader> {
  const images = await readIdxFile(imagesPath, 3);
  const [count, height, width] = images.shape as [number, number, number];
  const labels = labelsPath ? await readLabels(labelsPath, count) : undefined;
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
    place: (index) => `${imagesPath} image ${index}`,
    close: async () => {},
  };
}

async function readLabels(path: string, count: number): Promise<Int32Array> {
  const { shape, data } = await readIdxFile(path, 1);
  if (shape[0] === count) return Int32Array.from(data);
  throw fleetError('DDPM_ERR_DATA_FORMAT', {
    file: path,
    format: 'the labels of the images beside it',
    detail: `it has ${shape[0]} labels for ${count} images`,
  });
}

async function findImages(directory: string, split: 'train' | 'test'): Promise<string> {
  const wanted = new RegExp(`^${PREFIX[split]}-images[.-]idx3-ubyte(\\.gz)?$`);
  const name = (await listDirectory(directory)).find((entry) => wanted.test(entry));
  if (name) return join(directory, name);
  throw fleetError('DDPM_ERR_DATA_EMPTY', {
    path: directory,
    what: `${PREFIX[split]}-images-idx3-ubyte (or .gz)`,
  });
}

async function findLabels(imagesPath: string): Promise<string | undefined> {
  const stem = basename(imagesPath).replace('images', 'labels').replace('idx3', 'idx1').replace(/\.gz$/, '');
  if (stem === basename(imagesPath).replace(/\.gz$/, '')) return undefined;
  const directory = dirname(imagesPath);
  const name = (await listDirectory(directory)).find((entry) => entry === stem || entry === `${stem}.gz`);
  return name && join(directory, name);
}
