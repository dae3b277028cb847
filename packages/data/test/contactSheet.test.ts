import sharp from 'sharp';
import test from 'ava';
import { contactSheet } from '../src/index.js';
import { picture, sameBytes } from './support/images.js';

for (const channels of [1, 3]) {
  test(`five images of ${channels} channel${channels > 1 ? 's' : ''}: each where it belongs, white around`, async (t) => {
    const images = Array.from({ length: 5 }, (_, i) => picture(i, 4, 4, channels));
    const png = await contactSheet(Buffer.concat(images), { imageSize: 4, channels });
    const { data, info } = await sharp(png)
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    t.like(info, { width: 3 * 6 + 2, height: 2 * 6 + 2, channels });
    const seen = Buffer.alloc(data.length, 255);
    for (const [i, image] of images.entries()) {
      for (let y = 0; y < 4; y++) {
        const at = ((Math.floor(i / 3) * 6 + 2 + y) * info.width + (i % 3) * 6 + 2) * channels;
        seen.set(image.subarray(y * 4 * channels, (y + 1) * 4 * channels), at);
      }
    }
    t.true(sameBytes(data, seen));
  });
}

test('columns, gap and scale', async (t) => {
  const png = await contactSheet(Uint8Array.of(10, 20, 30, 40), {
    imageSize: 1,
    channels: 1,
    columns: 4,
    gap: 0,
    scale: 3,
  });
  const { data, info } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  t.like(info, { width: 12, height: 3 });
  t.deepEqual([...data.subarray(0, 12)], [10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40]);
});

test('no images give an empty sheet', async (t) => {
  const { width, height } = await sharp(
    await contactSheet(new Uint8Array(0), { imageSize: 8, channels: 3 }),
  ).metadata();
  t.deepEqual([width, height], [12, 12]);
});
