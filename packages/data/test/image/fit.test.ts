import test from 'ava';
import { fitPixels } from '../../src/image/fit.js';
import type { Pixels } from '../../src/reader.js';
import { picture, sameBytes } from '../support/images.js';

const pixels = (width: number, height: number, channels: 1 | 3 | 4, data: Uint8Array | number[]): Pixels => ({
  kind: 'pixels',
  width,
  height,
  channels,
  data: Uint8Array.from(data),
});

test('an image that fits is left as it is', (t) => {
  const image = pixels(5, 5, 3, picture(1, 5));
  t.is(fitPixels(image, { size: 5, channels: 3, filter: 'area' }), image.data);
});

test('alpha is composited on white', (t) => {
  const image = pixels(2, 2, 4, [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128, 0, 0, 0, 1]);
  t.deepEqual(
    [...fitPixels(image, { size: 2, channels: 3, filter: 'area' })],
    [10, 20, 30, 255, 255, 255, 127, 177, 255, 254, 254, 254],
  );
});

test('grey to colour repeats, colour to grey is Rec. 601', (t) => {
  const grey = pixels(1, 1, 1, [77]);
  t.deepEqual([...fitPixels(grey, { size: 1, channels: 3, filter: 'area' })], [77, 77, 77]);
  const colours = pixels(2, 2, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77]);
  t.deepEqual([...fitPixels(colours, { size: 2, channels: 1, filter: 'area' })], [76, 150, 29, 77]);
});

test('every grey value survives the way to colour and back', (t) => {
  const greys = pixels(
    16,
    16,
    1,
    Array.from({ length: 256 }, (_, i) => i),
  );
  const colour = fitPixels(greys, { size: 16, channels: 3, filter: 'area' });
  t.true(
    sameBytes(fitPixels(pixels(16, 16, 3, colour), { size: 16, channels: 1, filter: 'area' }), greys.data),
  );
});

test('the centre square is kept, of wide and of tall images', (t) => {
  const wide = pixels(5, 2, 1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.deepEqual([...fitPixels(wide, { size: 2, channels: 1, filter: 'area' })], [1, 2, 6, 7]);
  const tall = pixels(2, 4, 1, [0, 1, 2, 3, 4, 5, 6, 7]);
  t.deepEqual([...fitPixels(tall, { size: 2, channels: 1, filter: 'area' })], [2, 3, 4, 5]);
});

test('crop first, then resize: what is cut off does not bleed in', (t) => {
  const image = pixels(
    8,
    4,
    1,
    Array.from({ length: 32 }, (_, i) => (i % 8 < 2 || i % 8 > 5 ? 255 : 40)),
  );
  for (const filter of ['area', 'cubic', 'lanczos3', 'nearest'] as const) {
    t.true(
      fitPixels(image, { size: 3, channels: 1, filter }).every((value) => value === 40),
      filter,
    );
  }
});
