import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fleetError } from '@ddpm-fleet/core';
import { IMAGES, type CacheEntry, type Facts } from './cache/entry.js';
import { gatherLabels, imageBytes, type Dataset } from './dataset.js';
import type { Fitter } from './image/fitter.js';
import { asImageError } from './preparedImages.js';
import type { ImageReader, Source } from './reader.js';

/** Where the decoded images come from; index is that of the data set. */
interface Images {
  read(index: number, out: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** How many images of one batch are read at once: as many as overlap the answers of a service. */
const WINDOW = 32;

/** All images in memory: a read copies. */
export function residentDataset(entry: CacheEntry, source: Source, all: Uint8Array): Dataset {
  const bytes = imageBytes(entry.facts);
  return {
    ...factsOf(entry.facts, source),
    async read(indices, out) {
      for (let i = 0; i < indices.length; i++) {
        const at = checkedIndex(entry.facts, indices[i]!) * bytes;
        out.set(all.subarray(at, at + bytes), i * bytes);
      }
    },
    labels: (indices) => gatherLabels(entry.tables.labels, indices),
    close: async () => {},
  };
}

/** Decoded images in a file of the cache, for data sets larger than memory. Every image read is checked. */
export async function packedDataset(entry: CacheEntry, source: Source): Promise<Dataset> {
  const path = join(entry.directory, IMAGES);
  const file = await open(path, 'r');
  return windowed(entry, source, {
    read: async (index, out) => {
      await readInto(file, index * out.length, out);
      if (crc32(out) !== entry.tables.checks[index]) {
        throw fleetError('DDPM_ERR_DATA_CACHE', { file: path, index, directory: entry.directory });
      }
    },
    close: () => file.close(),
  });
}

/** Images decoded anew at each read, for data sets too large to keep decoded. Closes the reader and the fitter. */
export function directDataset(
  entry: CacheEntry,
  source: Source,
  reader: ImageReader,
  fitter: Fitter,
): Dataset {
  const record = recordOf(entry.facts);
  const decodeOne = (index: number) =>
    fitter.image(index).catch(async (error: unknown) => {
      throw asImageError(await reader.place(index), error);
    });
  return windowed(entry, source, {
    read: async (index, out) => {
      const { image } = await decodeOne(record(index));
      if (crc32(image) !== entry.tables.checks[index]) {
        throw fleetError('DDPM_ERR_DATA_CHANGED', {
          file: await reader.place(record(index)),
          detail: 'the image differs',
        });
      }
      out.set(image);
    },
    close: async () => {
      await fitter.close();
      await reader.close();
    },
  });
}

function windowed(entry: CacheEntry, source: Source, images: Images): Dataset {
  const bytes = imageBytes(entry.facts);
  return {
    ...factsOf(entry.facts, source),
    async read(indices, out) {
      let next = 0;
      const lane = async () => {
        while (next < indices.length) {
          const i = next++;
          const index = checkedIndex(entry.facts, indices[i]!);
          await images.read(index, out.subarray(i * bytes, (i + 1) * bytes));
        }
      };
      await Promise.all(Array.from({ length: Math.min(WINDOW, indices.length) }, lane));
    },
    labels: (indices) => gatherLabels(entry.tables.labels, indices),
    close: () => images.close(),
  };
}

function factsOf(facts: Facts, { splits, notes = [] }: Source) {
  const { name, size, imageSize, channels, sizes, classNames, unreadableLabels, hash, licence, skipped } =
    facts;
  return {
    ...{ name, size, imageSize, channels, sizes, classNames, numClasses: classNames.length },
    ...(unreadableLabels && { unreadableLabels }),
    ...(splits && { splits }),
    ...{ hash, skipped, notes: [...notes, ...facts.notes] },
    ...(licence && { licence }),
  };
}

/** Number of the record that index i of the data set shows: records are in order, less those skipped. */
function recordOf({ size, skipped }: Facts): (index: number) => number {
  if (skipped.length === 0) return (index) => index;
  const left = new Set(skipped.map(({ record }) => record));
  const records = new Uint32Array(size);
  for (let record = 0, index = 0; index < size; record++) if (!left.has(record)) records[index++] = record;
  return (index) => records[index]!;
}

function checkedIndex({ size }: Facts, index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < size) return index;
  throw new RangeError(`there is no image ${index} in a data set of ${size}`);
}

async function readInto(file: FileHandle, offset: number, out: Uint8Array): Promise<void> {
  for (let done = 0; done < out.length;) {
    const { bytesRead } = await file.read(out, done, out.length - done, offset + done);
    if (bytesRead === 0) break; // a file cut short then fails its check
    done += bytesRead;
  }
}
