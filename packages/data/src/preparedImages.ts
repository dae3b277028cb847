import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { fleetError, isFleetError } from '@ddpm-fleet/core';
import type { Tables } from './cache/entry.js';
import type { SkippedImage } from './dataset.js';
import type { Fitter } from './image/fitter.js';
import { DECODE_WINDOW, type Fitted } from './image/pool.js';
import type { ImageReader } from './reader.js';
import { isServiceError } from './storage/storage.js';
import type { Tally } from './tally.js';

export interface PrepareOptions {
  readonly onBadImage: 'refuse' | 'skip';
  readonly tally: Tally;
  onImage(this: void, image: Uint8Array): Promise<void> | void;
  onProgress?: ((this: void, done: number, total: number) => void) | undefined;
}

export interface Prepared {
  readonly hash: string;
  readonly size: number;
  readonly skipped: readonly (SkippedImage & { readonly record: number })[];
  readonly tables: Tables;
}

/** So many images are handled before timers and sockets get their turn. */
const BREATH = 64;

/**
 * Decodes every image once, in index order.
 * @throws DDPM_ERR_DATA_IMAGE, DDPM_ERR_DATA_IMAGE_SIZE, DDPM_ERR_DATA_EMPTY, and what the reader throws
 */
export async function prepare(
  reader: ImageReader,
  fitter: Fitter,
  options: PrepareOptions,
): Promise<Prepared> {
  const hash = createHash('sha256');
  const checks = new Uint32Array(reader.count);
  const known = reader.labelling?.labels;
  const labels = known && new Int32Array(reader.count);
  const skipped: (SkippedImage & { record: number })[] = [];
  let size = 0;
  for await (const { index, fitted, error } of decodeInOrder(reader.count, fitter)) {
    options.onProgress?.(index + 1, reader.count);
    if (!fitted) {
      skipped.push({ record: index, ...refuseOrSkip(await reader.place(index), error, options.onBadImage) });
      continue;
    }
    const { image } = fitted;
    await options.tally.see(fitted, () => reader.place(index));
    hash.update(image);
    checks[size] = crc32(image);
    if (labels) labels[size] = known![index]!;
    size++;
    await options.onImage(image);
  }
  if (size === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', {
      path: await reader.place(0),
      what: 'an image that can be decoded',
    });
  const tables = { labels: labels?.slice(0, size), checks: checks.slice(0, size) };
  return { hash: hash.digest('hex'), size, skipped, tables };
}

/** What went wrong with one image, as the error that refuses it. */
export function asImageError(place: string, error: unknown): Error {
  if (isFleetError(error)) return error;
  return fleetError('DDPM_ERR_DATA_IMAGE', { place, reason: reasonOf(error) }, { cause: error });
}

interface Decoded {
  readonly index: number;
  readonly fitted?: Fitted;
  readonly error?: unknown;
}

/** All images in index order, a few decoded at a time. Errors are results: only the consumer knows what they mean. */
async function* decodeInOrder(count: number, fitter: Fitter): AsyncGenerator<Decoded> {
  const decodeOne = (index: number): Promise<Decoded> =>
    fitter.image(index).then(
      (fitted) => ({ index, fitted }),
      (error: unknown) => ({ index, error }),
    );
  const ahead: Promise<Decoded>[] = [];
  let next = 0;
  while (next < count || ahead.length > 0) {
    while (next < count && ahead.length < DECODE_WINDOW) ahead.push(decodeOne(next++));
    if (next % BREATH === 0) await setImmediate();
    yield await ahead.shift()!;
  }
}

function refuseOrSkip(place: string, error: unknown, onBadImage: 'refuse' | 'skip'): SkippedImage {
  const isOfImage = !isFleetError(error, 'DDPM_ERR_DATA_IMAGE_SIZE') && !isServiceError(error);
  if (onBadImage === 'refuse' || !isOfImage) throw asImageError(place, error);
  return { place, reason: reasonOf(error) };
}

/** The decoder's messages have several lines, and some end with a stop. */
function reasonOf(error: unknown): string {
  return (error as Error).message
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\.$/, '');
}
