import sharp from 'sharp';

/** Images as bytes, [count, size, size, channels]. */
export interface Pictures {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly size: number;
  readonly channels: number;
}

/** Bytes of one picture, [height, width, channels]. */
export interface Canvas {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
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
  const { pixels, ...raw } = gridCanvas(pictures, columns);
  return sharp(pixels, { raw }).png().toBuffer();
}

/** The same as bytes. */
export function gridCanvas(pictures: Pictures, columns = squareColumns(pictures.count)): Canvas {
  const { size, channels, count } = pictures;
  const tile = size + BORDER;
  const [width, height] = [columns * tile + BORDER, Math.ceil(count / columns) * tile + BORDER];
  const pixels = new Uint8Array(width * height * channels).fill(255);
  for (let i = 0; i < count; i++) {
    const left = BORDER + (i % columns) * tile;
    const top = BORDER + Math.floor(i / columns) * tile;
    for (let y = 0; y < size; y++) {
      const from = (i * size + y) * size * channels;
      pixels.set(
        pictures.pixels.subarray(from, from + size * channels),
        ((top + y) * width + left) * channels,
      );
    }
  }
  const canvas = { pixels, width, height, channels: channels === 1 ? 1 : 3 } as const;
  return enlarged(canvas, Math.max(1, Math.ceil(LEAST_WIDTH / width)));
}

function enlarged({ pixels, width, height, channels }: Canvas, factor: number): Canvas {
  if (factor === 1) return { pixels, width, height, channels };
  const [wide, high] = [width * factor, height * factor];
  const out = new Uint8Array(wide * high * channels);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      for (let c = 0; c < channels; c++) out[(y * wide + x) * channels + c] = pixels[from + c]!;
    }
  }
  return { pixels: out, width: wide, height: high, channels };
}
