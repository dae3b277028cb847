import sharp from 'sharp';
import type { ImageRecord } from '../reader.js';

// Images are small: several at once beat several threads on one, and its cache of open files would only grow.
sharp.concurrency(1);
sharp.cache(false);

export type Pixels = Extract<ImageRecord, { kind: 'pixels' }>;

/**
 * PNG, JPEG or WebP to 8-bit sRGB pixels, turned upright as EXIF says. Grey becomes three equal channels, alpha is
 * kept for the caller to composite. Runs on the thread pool of libuv.
 * @throws Error of the decoder when anything is wrong with the bytes
 */
export async function decode(bytes: Uint8Array): Promise<Pixels> {
  const image = sharp(bytes, { failOn: 'warning' }).autoOrient().toColourspace('srgb');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const channels = info.channels;
  if (channels !== 1 && channels !== 3 && channels !== 4) throw new Error(`it has ${channels} channels`);
  return { kind: 'pixels', width: info.width, height: info.height, channels, data };
}
