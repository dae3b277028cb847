/** Uncompressed files of RGB pixels in formats that sharp does not write. */

/** Bottom row first, blue before red, rows of whole words. @param bits 24, or 32 with a fourth byte of 0 */
export function bmp(pixels: Uint8Array, width: number, height: number, bits: 24 | 32 = 24): Buffer {
  const bytes = bits / 8;
  const row = Math.ceil((width * bytes) / 4) * 4;
  const out = Buffer.alloc(54 + row * height);
  out.write('BM');
  out.writeUInt32LE(out.length, 2);
  out.writeUInt32LE(54, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(1, 26);
  out.writeUInt16LE(bits, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        out[54 + (height - 1 - y) * row + x * bytes + 2 - c] = pixels[(y * width + x) * 3 + c]!;
  return out;
}

export function ppm(pixels: Uint8Array, width: number, height: number): Buffer {
  return Buffer.concat([Buffer.from(`P6\n# a comment\n${width} ${height}\n255\n`), pixels]);
}

/** Top row first. */
export function tga(pixels: Uint8Array, width: number, height: number): Buffer {
  const header = Buffer.alloc(18);
  header[2] = 2;
  header.writeUInt16LE(width, 12);
  header.writeUInt16LE(height, 14);
  header[16] = 24;
  header[17] = 0x20;
  return Buffer.concat([header, pixels.map((_, i) => pixels[i + 2 - 2 * (i % 3)]!)]);
}

/** An icon of several sizes, each a PNG. */
export function ico(sizes: readonly { size: number; png: Buffer }[]): Buffer {
  const header = Buffer.alloc(6 + 16 * sizes.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(sizes.length, 4);
  let offset = header.length;
  for (const [i, { size, png }] of sizes.entries()) {
    const at = 6 + 16 * i;
    header[at] = size;
    header[at + 1] = size;
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(24, at + 6);
    header.writeUInt32LE(png.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([header, ...sizes.map(({ png }) => png)]);
}
