import test from 'ava';
import { decode } from '../../src/image/decode.js';
import { magickFormat } from '../../src/image/magick.js';
import { openDataset } from '../../src/index.js';
import { bmp, ico, ppm, tga } from '../support/bitmaps.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';
import { picture, png, sameBytes } from '../support/images.js';
import { readAll } from '../support/read.js';

const wide = picture(1, 7, 5);

for (const [name, bytes] of [
  ['bmp', bmp(wide, 7, 5)],
  ['bmp of 32 bits, whose fourth means nothing', bmp(wide, 7, 5, 32)],
  ['ppm', ppm(wide, 7, 5)],
  ['tga', tga(wide, 7, 5)],
] as const) {
  test(`${name}: every pixel`, async (t) => {
    const { width, height, channels, data, frames } = await decode(bytes);
    t.deepEqual([width, height, channels, frames], [7, 5, 3, 1]);
    t.true(sameBytes(data, wide));
  });

  test(`${name}: one that ends early is refused with the words of the decoder`, async (t) => {
    await t.throwsAsync(decode(bytes.subarray(0, bytes.length - 20)), { message: /^(BMP|PNM|TGA): \w+$/ });
  });
}

test('of an icon the largest size is taken', async (t) => {
  const sizes = await Promise.all([16, 24, 20].map(async (size) => ({ size, png: await png(size, size) })));
  const { width, height, data, channels } = await decode(ico(sizes));
  t.deepEqual([width, height], [24, 24]);
  const rgb = data.filter((_, i) => i % channels < 3);
  t.true(sameBytes(Uint8Array.from(rgb), picture(24, 24)));
});

test('more pixels than any photograph are refused before they are decoded', async (t) => {
  const bomb = tga(wide, 12_000, 12_000);
  // Run-length encoded: a file of any length can hold as many.
  bomb[2] = 10;
  await t.throwsAsync(decode(bomb), { message: /pixel limit/ });
});

test('what comes out otherwise than viewers show it is left to be refused', async (t) => {
  const grey = tga(wide, 7, 5);
  // Grey with alpha.
  grey[2] = 3;
  grey[16] = 16;
  const os2 = bmp(wide, 7, 5);
  os2[14] = 64;
  for (const bytes of [grey, os2, Buffer.from('BMW is no picture'), Buffer.alloc(18), Buffer.alloc(3)]) {
    t.is(magickFormat(bytes), undefined);
    await t.throwsAsync(decode(bytes), { message: /unsupported image format/ });
  }
});

test('a folder of such files is a data set', async (t) => {
  const at = (index: number) => picture(index, 6);
  const path = await directoryOf(t, {
    '0.BMP': bmp(at(0), 6, 6),
    '1.ppm': ppm(at(1), 6, 6),
    '2.tga': tga(at(2), 6, 6),
    '3.png': await png(3, 6),
  });
  const dataset = await openDataset(dataConfig({ kind: 'imageFolder', path }), {
    home: await directoryOf(t),
  });
  t.is(dataset.size, 4);
  t.deepEqual(dataset.notes, []);
  t.true(sameBytes(await readAll(dataset), Buffer.concat([0, 1, 2, 3].map(at))));
});
