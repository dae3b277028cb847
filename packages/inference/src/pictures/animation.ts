import sharp from 'sharp';
import { gridCanvas, type Pictures } from './grid.js';

export const ANIMATIONS = ['.gif', '.webp'] as const;

const FRAME_MS = 80;
const LAST_MS = 2000;

/**
 * A grid of images that moves, round and round, its last frame longest.
 * @param frames the same images at successive moments
 */
export async function animationFile(
  frames: readonly Pictures[],
  kind: (typeof ANIMATIONS)[number],
  columns?: number,
): Promise<Buffer> {
  const pages = frames.map((frame) => gridCanvas(frame, columns));
  const { width, height, channels } = pages[0]!;
  const raw = { width, height: height * pages.length, channels, pageHeight: height };
  const all = sharp(Buffer.concat(pages.map(({ pixels }) => pixels)), { raw });
  const delay = pages.map((_, i) => (i === pages.length - 1 ? LAST_MS : FRAME_MS));
  // GIF would merge equal frames in a row, and the list of delays would no longer fit.
  const options = { delay, loop: 0 };
  return kind === '.gif'
    ? all.gif({ ...options, keepDuplicateFrames: true }).toBuffer()
    : all.webp({ ...options, lossless: true }).toBuffer();
}
