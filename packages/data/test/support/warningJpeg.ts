import { encode, picture } from './images.js';

/** A JPEG of 16 x 16 whose last scan byte is no valid parameter: decoders warn and go on. */
export async function warningJpeg(): Promise<Buffer> {
  const jpeg = Buffer.from(await encode(picture(1, 16), 16, 16, 'jpeg'));
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  const end = scan + 2 + jpeg.readUInt16BE(scan + 2);
  jpeg[end - 1] = 1;
  return jpeg;
}
