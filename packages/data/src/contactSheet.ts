import sharp from 'sharp';

export interface ContactSheetOptions {
  readonly imageSize: number;
  readonly channels: number;
  /** Images in a row. Default: about as many as there are rows. */
  readonly columns?: number;
  /** Pixels between images. Default 2. */
  readonly gap?: number;
  /** Each pixel becomes scale x scale pixels. Default 1. */
  readonly scale?: number;
}

const GROUND = 255;

/**
 * A PNG that shows images in a grid, left to right, top to bottom.
 * @param images uint8 [count, imageSize, imageSize, channels]
 */
export async function contactSheet(images: Uint8Array, options: ContactSheetOptions): Promise<Buffer> {
  const { imageSize, channels, gap = 2, scale = 1 } = options;
  const count = images.length / (imageSize * imageSize * channels);
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(count)));
  const rows = Math.max(1, Math.ceil(count / columns));
  const cell = imageSize * scale + gap;
  const width = columns * cell + gap;
  const height = rows * cell + gap;
  const sheet = new Uint8Array(width * height * channels).fill(GROUND);
  for (let i = 0; i < count; i++) {
    const left = (i % columns) * cell + gap;
    const top = Math.floor(i / columns) * cell + gap;
    const image = images.subarray(i * imageSize ** 2 * channels, (i + 1) * imageSize ** 2 * channels);
    paste(sheet, width, left, top, image, { imageSize, channels, scale });
  }
  return sharp(sheet, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
    .png()
    .toBuffer();
}

function paste(
  sheet: Uint8Array,
  sheetWidth: number,
  left: number,
  top: number,
  image: Uint8Array,
  { imageSize, channels, scale }: { imageSize: number; channels: number; scale: number },
): void {
  const side = imageSize * scale;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (Math.floor(y / scale) * imageSize + Math.floor(x / scale)) * channels;
      const to = ((top + y) * sheetWidth + left + x) * channels;
      for (let c = 0; c < channels; c++) sheet[to + c] = image[from + c]!;
    }
  }
}
