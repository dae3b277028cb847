import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Pictures } from './grid.js';

/** File name of image `i`. */
export function singleName(i: number): string {
  return `${String(i).padStart(6, '0')}.png`;
}

/**
 * Each image as a PNG of its own size, called by its number: what other tools read a directory of.
 * @returns the directory
 */
export async function writeSingles(
  { pixels, count, size, channels }: Pictures,
  dir: string,
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const bytes = size * size * channels;
  for (let i = 0; i < count; i++) {
    const raw = { width: size, height: size, channels: channels === 1 ? 1 : 3 } as const;
    await sharp(pixels.subarray(i * bytes, (i + 1) * bytes), { raw })
      .png()
      .toFile(join(dir, singleName(i)));
  }
  return dir;
}
