import sharp, { type FailOnOptions } from 'sharp';
import type { Pixels } from '../reader.js';
import { decodeByMagick, magickFormat } from './magick.js';

// Images are small: several at once beat several threads on one, and its cache of open files would only grow.
sharp.concurrency(1);
sharp.cache(false);

/** A decoded picture, and what there is to say of it. */
export interface Decoded extends Pixels {
  /** More than 1 for animations and files of several pages, of which the first is taken. */
  readonly frames: number;
  /** What the decoder complained of and went on from. */
  readonly warning?: string;
}

/** Above the largest photographs and scans that sets are made of; a file of a few bytes can ask for any number. */
const MOST_PIXELS = 2 ** 27;

/**
 * A picture to 8-bit sRGB pixels, turned upright as EXIF says. Grey becomes three equal channels, alpha is kept for the
 * caller to composite. Runs on the thread pool of libuv. Where the decoder only warns, viewers show the picture, and so
 * it is taken, with the warning.
 * @throws Error of the decoder when the picture is broken or ends early, or has more than 2^27 pixels
 */
export async function decode(bytes: Uint8Array): Promise<Decoded> {
  const other = magickFormat(bytes);
  if (other) return { ...(await decodeByMagick(bytes, other, MOST_PIXELS)), frames: 1 };
  const frames = await framesOf(bytes);
  try {
    return { ...(await decodeOrFail(bytes, 'warning')), frames };
  } catch (cause) {
    const tolerant = await decodeOrFail(bytes, 'error').catch(() => undefined);
    if (!tolerant) throw cause;
    return { ...tolerant, frames, warning: complaintOf(cause as Error) };
  }
}

async function decodeOrFail(bytes: Uint8Array, failOn: FailOnOptions): Promise<Pixels> {
  const image = sharp(bytes, { failOn, limitInputPixels: MOST_PIXELS }).autoOrient().toColourspace('srgb');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const channels = info.channels;
  if (channels !== 1 && channels !== 3 && channels !== 4) throw new Error(`it has ${channels} channels`);
  return { kind: 'pixels', width: info.width, height: info.height, channels, data };
}

/** Only some formats can have several. */
async function framesOf(bytes: Uint8Array): Promise<number> {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (!['GIF8', 'RIFF', 'II*\0', 'MM\0*'].includes(start)) return 1;
  const metadata = await sharp(bytes, { failOn: 'none', limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  return metadata?.pages ?? 1;
}

/** Threads that decode at once share the place where libvips leaves its words: some are lost. */
function complaintOf({ message }: Error): string {
  const lines = message.trim().split('\n');
  return lines.find((line) => !line.includes('treated as error')) ?? 'a warning without words';
}
