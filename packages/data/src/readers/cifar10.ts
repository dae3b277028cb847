import { basename } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import type { ImageReader, Source, SourceFile } from '../reader.js';
import { takeSplit, wantedSplits } from '../splits.js';
import { truncated } from '../storage/errors.js';
import { statAll, type Storage } from '../storage/storage.js';

const PIXELS = 32 * 32;
const RECORD_BYTES = 1 + 3 * PIXELS;
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const FILES = [
  ...[1, 2, 3, 4, 5].map((batch) => ({ split: 'train', name: `data_batch_${batch}.bin` })),
  { split: 'test', name: 'test_batch.bin' },
];

/**
 * CIFAR-10 in its binary version (Krizhevsky 2009): records of a label byte and three planes of 32x32.
 * @param path the directory with data_batch_1..5.bin and test_batch.bin, the one above it, or one such file
 */
export async function locateCifar10(storage: Storage, path: string, split: string): Promise<Source> {
  const paths = (await storage.isDirectory(path)) ? await findBatches(storage, path, split) : [path];
  const files = await statAll(storage, paths);
  for (const { path: file, sizeBytes } of files) assertWhole(file, sizeBytes);
  return { name: 'cifar10', files, splits: ['test', 'train'], open: () => openCifar10(storage, files) };
}

async function openCifar10(storage: Storage, files: readonly SourceFile[]): Promise<ImageReader> {
  const batches = await Promise.all(files.map((file) => storage.readWhole(file)));
  const records = Buffer.concat(batches);
  const count = records.length / RECORD_BYTES;
  const labels = Int32Array.from({ length: count }, (_, index) => records[index * RECORD_BYTES]!);
  const place = placeIn(files);
  const wrong = labels.findIndex((label) => label >= CLASSES.length);
  if (wrong >= 0) {
    const detail = `${place(wrong)} has label ${labels[wrong]}, but labels are 0 to 9`;
    throw fleetError('DDPM_ERR_DATA_FORMAT', {
      file: files[0]!.path,
      format: 'CIFAR-10 in its binary version',
      detail,
    });
  }
  return {
    count,
    labelling: { labels, classNames: CLASSES, isText: false },
    read: async (index) => {
      const planes = records.subarray(index * RECORD_BYTES + 1, (index + 1) * RECORD_BYTES);
      return { kind: 'pixels', width: 32, height: 32, channels: 3, data: interleave(planes) };
    },
    place,
    close: async () => {},
  };
}

function interleave(planes: Uint8Array): Uint8Array {
  const out = new Uint8Array(planes.length);
  for (let i = 0; i < PIXELS; i++) {
    for (let c = 0; c < 3; c++) out[i * 3 + c] = planes[c * PIXELS + i]!;
  }
  return out;
}

function placeIn(files: readonly SourceFile[]): (index: number) => string {
  return (index) => {
    let inFile = index;
    for (const { path, sizeBytes } of files) {
      if (inFile < sizeBytes / RECORD_BYTES) return `${path} image ${inFile}`;
      inFile -= sizeBytes / RECORD_BYTES;
    }
    return `image ${index}`;
  };
}

async function findBatches(storage: Storage, path: string, split: string): Promise<string[]> {
  const above = (await storage.list(path)).includes('cifar-10-batches-bin');
  const directory = above ? storage.join(path, 'cifar-10-batches-bin') : path;
  const taken = takeSplit(directory, FILES, wantedSplits(split));
  const wanted = FILES.filter((_, i) => taken[i]).map(({ name }) => name);
  const there = new Set(await storage.list(directory));
  const absent = wanted.filter((name) => !there.has(name));
  if (absent.length === 0) return wanted.map((name) => storage.join(directory, name));
  throw fleetError('DDPM_ERR_DATA_EMPTY', { path: directory, what: absent.join(', ') });
}

function assertWhole(path: string, sizeBytes: number): void {
  if (sizeBytes === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: basename(path), what: 'at least one record' });
  if (sizeBytes % RECORD_BYTES !== 0) {
    throw truncated(path, Math.ceil(sizeBytes / RECORD_BYTES) * RECORD_BYTES, sizeBytes);
  }
}
