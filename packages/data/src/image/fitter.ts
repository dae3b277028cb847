import { fleetError } from '@ddpm-fleet/core';
import type { ImageReader } from '../reader.js';
import { isServiceError } from '../storage/storage.js';
import { decode } from './decode.js';
import { fitPixels, type Fit } from './fit.js';
import { DecodePool, type Fitted } from './pool.js';

/** Reads records and turns them into images of one size: pixels here, encoded ones on decode threads. */
export class Fitter {
  readonly #reader: ImageReader;
  readonly #fit: Fit;
  readonly #ownSize: boolean;
  readonly #pool = DecodePool.acquire();
  #closed = false;

  /** @param ownSize every image must have the fit's size already */
  constructor(reader: ImageReader, fit: Fit, ownSize: boolean) {
    this.#reader = reader;
    this.#fit = fit;
    this.#ownSize = ownSize;
  }

  /** @throws DDPM_ERR_DATA_IMAGE_SIZE, what the reader throws, and the decoder's errors as they are */
  async image(index: number): Promise<Fitted> {
    const record = await this.#reader.read(index);
    if (record.kind === 'pixels') {
      const { width, height } = record;
      await this.#check(index, width, height);
      return { image: fitPixels(record, this.#fit), width, height };
    }
    const fitted = await this.#pool.fit(record.bytes, this.#fit);
    await this.#check(index, fitted.width, fitted.height);
    return fitted;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.release();
  }

  async #check(index: number, width: number, height: number): Promise<void> {
    const { size } = this.#fit;
    if (!this.#ownSize || (width === size && height === size)) return;
    throw sizeError(await this.#reader.place(index), width, height, size);
  }
}

/**
 * Size of the first image that can be decoded, for a data set whose images keep theirs.
 * @throws DDPM_ERR_DATA_IMAGE_SIZE when it is not square, DDPM_ERR_DATA_EMPTY when none can be decoded
 */
export async function ownSizeOf(reader: ImageReader): Promise<number> {
  for (let index = 0; index < reader.count; index++) {
    const size = await sizeOf(reader, index).catch((error: unknown) => {
      if (isServiceError(error)) throw error;
    });
    if (!size) continue;
    if (size.width === size.height) return size.width;
    throw sizeError(await reader.place(index), size.width, size.height, 0);
  }
  throw fleetError('DDPM_ERR_DATA_EMPTY', {
    path: await reader.place(0),
    what: 'an image that can be decoded',
  });
}

async function sizeOf(reader: ImageReader, index: number): Promise<{ width: number; height: number }> {
  const record = await reader.read(index);
  return record.kind === 'pixels' ? record : decode(record.bytes);
}

function sizeError(place: string, width: number, height: number, size: number): Error {
  const others = width === height ? ` and others are ${size}x${size}` : ', which is not square';
  return fleetError('DDPM_ERR_DATA_IMAGE_SIZE', { place, width, height, others });
}
