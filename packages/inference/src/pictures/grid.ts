import sharp from 'sharp';

/** Images as bytes, [count, size, size, channels]. */
export interface Pictures {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly size: number;
  readonly channels: number;
}

/**
 * From [-1, 1] to bytes: clamped, (x + 1) 127.5, rounded to nearest. (Ho et al. round down, diffusers rounds; one level
 * apart at most.)
 */
export function toBytes(images: Float32Array): Uint8Array {
  return Uint8Array.from(images, (x) => Math.round((Math.min(1, Math.max(-1, x)) + 1) * 127.5));
}

/** How many columns make `count` images a square, the last row perhaps short. */
export function squareColumns(count: number): number {
  return Math.ceil(Math.sqrt(count));
}

const BORDER = 1;
const LEAST_WIDTH = 512;

/**
 * One picture of all images, row by row, a white line between them; small images are enlarged by a whole factor
 * without blurring.
 */
export async function gridPng(pictures: Pictures, columns = squareColumns(pictures.count)): Promise<Buffer> {
  const { size, channels, count } = pictures;
  const tile = size + BORDER;
  const [width, height] = [columns * tile + BORDER, Math.ceil(count / columns) * tile + BORDER];
  const canvas = new Uint8Array(width * height * channels).fill(255);
  for (let i = 0; i < count; i++) {
    const left = BORDER + (i % columns) * tile;
    const top = BORDER + Math.floor(i / columns) * tile;
    for (let y = 0; y < size; y++) {
      const from = (i * size + y) * size * channels;
      canvas.set(
        pictures.pixels.subarray(from, from + size * channels),
        ((top + y) * width + left) * channels,
      );
    }
  }
  const factor = Math.max(1, Math.ceil(LEAST_WIDTH / width));
  return sharp(canvas, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
    .resize(width * factor, height * factor, { kernel: 'nearest' })
    .png()
    .toBuffer();
}
