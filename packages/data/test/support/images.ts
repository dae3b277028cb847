import sharp from 'sharp';

/** A picture that differs in every pixel, row, channel and index: mix-ups of any kind show. */
export function picture(index: number, width: number, height = width, channels = 3): Uint8Array {
  const out = new Uint8Array(width * height * channels);
  for (let i = 0; i < out.length; i++) {
    const [x, y, c] = [Math.floor(i / channels) % width, Math.floor(i / channels / width), i % channels];
    out[i] = (x * 7 + y * 13 + c * 80 + index * 31) & 255;
  }
  return out;
}

export type Encoding = 'png' | 'jpeg' | 'webp';

/** Encoded without loss, but for JPEG. */
export function encode(
  pixels: Uint8Array,
  width: number,
  height: number,
  as: Encoding = 'png',
): Promise<Buffer> {
  const channels = (pixels.length / (width * height)) as 1 | 3 | 4;
  const image = sharp(pixels, { raw: { width, height, channels } });
  if (as === 'png') return image.png().toBuffer();
  return as === 'webp'
    ? image.webp({ lossless: true, exact: true }).toBuffer()
    : image.jpeg({ quality: 95 }).toBuffer();
}

/** PNG of `picture(index, size)`. */
export function png(index: number, size: number): Promise<Buffer> {
  return encode(picture(index, size), size, size);
}

/** For assertions: a test framework's diff of long arrays takes minutes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
}
