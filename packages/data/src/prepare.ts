import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fleetError, isFleetError } from '@ddpm-fleet/core';
import type { SkippedImage } from './dataset.js';
import { decode, type Pixels } from './image/decode.js';
import { fitPixels, type Fit } from './image/fit.js';
import type { ImageReader } from './reader.js';
import type { Tables } from './cache/entry.js';

/** How many images are decoded at once: the threads that libuv has by default. */
const WINDOW = 4;

export interface PrepareOptions {
  /** With size 0 every image must have the size of the first. */
  readonly fit: Fit;
  readonly onBadImage: 'refuse' | 'skip';
  onImage(image: Uint8Array): Promise<void> | void;
  onProgress?(done: number, total: number): void;
}

export interface Prepared {
  readonly hash: string;
  readonly imageSize: number;
  readonly size: number;
  readonly skipped: readonly (SkippedImage & { readonly record: number })[];
  readonly tables: Tables;
}

/**
 * Decodes every image once, in index order.
 * @throws DDPM_ERR_DATA_IMAGE, DDPM_ERR_DATA_IMAGE_SIZE, DDPM_ERR_DATA_EMPTY, and what the reader throws
 */
export async function prepare(reader: ImageReader, options: PrepareOptions): Promise<Prepared> {
  const hash = createHash('sha256');
  const checks = new Uint32Array(reader.count);
  const labels = reader.labels && new Int32Array(reader.count);
  const skipped: (SkippedImage & { record: number })[] = [];
  const size = options.fit.size || (await firstSize(reader));
  const fit = { ...options.fit, size };
  let kept = 0;
  for await (const { index, image, error } of decodeInOrder(reader, fit, options.fit.size === 0)) {
    options.onProgress?.(index + 1, reader.count);
    if (!image) {
      skipped.push({ record: index, ...refuseOrSkip(reader.place(index), error, options.onBadImage) });
      continue;
    }
    hash.update(image);
    checks[kept] = crc32(image);
    if (labels) labels[kept] = reader.labels![index]!;
    kept++;
    await options.onImage(image);
  }
  if (kept === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: reader.place(0), what: 'an image that can be decoded' });
  const tables = { labels: labels?.slice(0, kept), checks: checks.slice(0, kept) };
  return { hash: hash.digest('hex'), imageSize: size, size: kept, skipped, tables };
}

/** @throws DDPM_ERR_DATA_IMAGE, DDPM_ERR_DATA_IMAGE_SIZE */
export async function readFitted(reader: ImageReader, index: number, fit: Fit): Promise<Uint8Array> {
  try {
    return fitPixels(await readPixels(reader, index), fit);
  } catch (error) {
    throw asImageError(reader.place(index), error);
  }
}

async function readPixels(reader: ImageReader, index: number): Promise<Pixels> {
  const record = await reader.read(index);
  return record.kind === 'pixels' ? record : decode(record.bytes);
}

interface Decoded {
  readonly index: number;
  readonly image?: Uint8Array;
  readonly error?: unknown;
}

/** All images in index order, a few decoded at a time. Errors are results: only the consumer knows what they mean. */
async function* decodeInOrder(reader: ImageReader, fit: Fit, strictSize: boolean): AsyncGenerator<Decoded> {
  const decodeOne = async (index: number): Promise<Decoded> => {
    try {
      const pixels = await readPixels(reader, index);
      if (strictSize) assertSize(reader.place(index), pixels, fit.size);
      return { index, image: fitPixels(pixels, fit) };
    } catch (error) {
      return { index, error };
    }
  };
  const ahead: Promise<Decoded>[] = [];
  let next = 0;
  while (next < reader.count || ahead.length > 0) {
    while (next < reader.count && ahead.length < WINDOW) ahead.push(decodeOne(next++));
    yield await ahead.shift()!;
  }
}

/** Pixels of the first image that can be decoded. */
async function firstSize(reader: ImageReader): Promise<number> {
  for (let index = 0; index < reader.count; index++) {
    const pixels = await readPixels(reader, index).catch(() => undefined);
    if (!pixels) continue;
    assertSize(reader.place(index), pixels, pixels.width);
    return pixels.width;
  }
  throw fleetError('DDPM_ERR_DATA_EMPTY', { path: reader.place(0), what: 'an image that can be decoded' });
}

function assertSize(place: string, { width, height }: Pixels, size: number): void {
  if (width === size && height === size) return;
  const others = width === height ? ` and others are ${size}x${size}` : ', which is not square';
  throw fleetError('DDPM_ERR_DATA_IMAGE_SIZE', { place, width, height, others });
}

function refuseOrSkip(place: string, error: unknown, onBadImage: 'refuse' | 'skip'): SkippedImage {
  if (onBadImage === 'refuse' || isFleetError(error, 'DDPM_ERR_DATA_IMAGE_SIZE'))
    throw asImageError(place, error);
  return { place, reason: (error as Error).message };
}

function asImageError(place: string, error: unknown): Error {
  if (isFleetError(error)) return error;
  return fleetError('DDPM_ERR_DATA_IMAGE', { place, reason: (error as Error).message }, { cause: error });
}
