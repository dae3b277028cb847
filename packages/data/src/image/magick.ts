import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { IMagickImage, MagickFormat } from '@imagemagick/magick-wasm';
import type { Pixels } from '../reader.js';

type Magick = typeof import('@imagemagick/magick-wasm');
type Format = keyof typeof MagickFormat;

/** What the first bytes of formats are that libvips, as it comes with sharp, does not read. */
const STARTS: readonly (readonly [RegExp, Format])[] = [
  // Headers of Windows; those of OS/2 2 come out otherwise than viewers show them.
  [/^BM[^]{12}[\x0c\x28\x34\x38\x6c\x7c]\0\0\0/, 'Bmp'],
  [/^P[1-6][\s#]/, 'Pnm'],
  [/^\0\0\x01\0[^\0]/, 'Ico'],
  [/^\0\0\x02\0[^\0]/, 'Cur'],
  // Without alpha, which comes out otherwise than viewers show it.
  [/^qoif[^]{8}\x03/, 'Qoi'],
  [/^\x0a[\0\x02-\x05]\x01\x08/, 'Pcx'],
  [/^\x01\xda[\0\x01][\x01\x02]/, 'Sgi'],
];

/** Kinds of TGA, with bits a pixel: colour table, colours, grey; plain and run-length encoded. */
const TGA_BITS: Readonly<Record<number, readonly number[]>> = {
  ...{ 1: [8], 2: [24, 32], 3: [8] },
  ...{ 9: [8], 10: [24, 32], 11: [8] },
};

/** The format of a picture that ImageMagick decodes here; undefined: it is for libvips to say. */
export function magickFormat(bytes: Uint8Array): Format | undefined {
  const start = Buffer.from(bytes.subarray(0, 18)).toString('latin1');
  const found = STARTS.find(([pattern]) => pattern.test(start));
  if (found) return found[1];
  return isTga(bytes) ? 'Tga' : undefined;
}

/** TGA has no mark: every field of its header must make sense. */
function isTga(bytes: Uint8Array): boolean {
  if (bytes.length < 18) return false;
  const [, mapType, type] = bytes;
  const { buffer, byteOffset } = bytes;
  const header = new DataView(buffer, byteOffset, 18);
  const hasSize = header.getUint16(12, true) > 0 && header.getUint16(14, true) > 0;
  const hasTable = type === 1 || type === 9;
  const isUsual = mapType === (hasTable ? 1 : 0) && bytes[17]! >> 6 === 0;
  return hasSize && isUsual && (TGA_BITS[type!]?.includes(bytes[16]!) ?? false);
}

/** The fourth byte of a pixel of a plain BMP means nothing, and is mostly 0. */
const ALPHA_HEADER = 56;

function alphaCounts(bytes: Uint8Array, name: Format): boolean {
  return name !== 'Bmp' || bytes[14]! >= ALPHA_HEADER;
}

/**
 * A picture of `magickFormat` to 8-bit sRGB pixels; of an icon the largest size.
 * @param mostPixels more are refused before they are decoded
 * @throws Error of the decoder when the picture is broken or ends early
 */
export async function decodeByMagick(bytes: Uint8Array, name: Format, mostPixels: number): Promise<Pixels> {
  const magick = await loaded();
  const { MagickImageInfo, ImageMagick, MagickReadSettings } = magick;
  const settings = new MagickReadSettings({ format: magick.MagickFormat[name] });
  try {
    const { width, height } = MagickImageInfo.create(bytes, settings);
    if (width * height > mostPixels) throw new Error('Input image exceeds pixel limit');
    return ImageMagick.readCollection(bytes, settings, (sizes) =>
      pixelsOf(magick, largest([...sizes]), alphaCounts(bytes, name)),
    );
  } catch (cause) {
    // Such as "UnexpectedEndOfFile `' @ error/icon.c/ReadICONImage/370".
    const [complaint] = (cause as Error).message.split(/[`\n]/);
    throw new Error(`${name.toUpperCase()}: ${complaint!.trim()}`, { cause });
  }
}

function largest(sizes: readonly IMagickImage[]): IMagickImage {
  return sizes.reduce((most, one) => (one.width * one.height > most.width * most.height ? one : most));
}

function pixelsOf({ ColorSpace }: Magick, image: IMagickImage, alpha: boolean): Pixels {
  if (image.colorSpace !== ColorSpace.Gray) image.colorSpace = ColorSpace.sRGB;
  const { width, height } = image;
  const hasAlpha = alpha && image.hasAlpha;
  const map = hasAlpha ? 'RGBA' : 'RGB';
  const data = image.getPixels((pixels) => pixels.toByteArray(0, 0, width, height, map));
  return { kind: 'pixels', width, height, channels: hasAlpha ? 4 : 3, data: Buffer.from(data!) };
}

let loading: Promise<Magick> | undefined;

/** Most sets hold no such picture, and 15 MB of WebAssembly take a moment. */
function loaded(): Promise<Magick> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Magick> {
  const magick = await import('@imagemagick/magick-wasm');
  const file = fileURLToPath(import.meta.resolve('@imagemagick/magick-wasm/magick.wasm'));
  await magick.initializeImageMagick(await readFile(file));
  return magick;
}
