import test from 'ava';
import sharp from 'sharp';
import { gridPng, squareColumns, toBytes } from '../../src/index.js';

test('trap 28: bytes: clamped, the ends exact, the middle rounded', (t) => {
  t.deepEqual([...toBytes(Float32Array.of(-2, -1, -0.5, 0, 0.5, 1, 3))], [0, 0, 64, 128, 191, 255, 255]);
});

test('every byte survives scaling to [-1, 1] and back', (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  t.deepEqual(toBytes(Float32Array.from(all, (b) => b / 127.5 - 1)), all);
});

test('a grid is as square as it can be', (t) => {
  t.deepEqual([1, 2, 4, 5, 9, 10, 64].map(squareColumns), [1, 2, 2, 3, 3, 4, 8]);
});

test('each image lies in its tile, row by row, white between', async (t) => {
  const [count, size] = [5, 2];
  const pixels = Uint8Array.from(
    { length: count * size * size * 3 },
    (_, i) => Math.floor(i / (size * size * 3)) * 40,
  );
  const png = await gridPng({ pixels, count, size, channels: 3 });
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const factor = info.width / (3 * 3 + 1);
  t.true(Number.isInteger(factor));
  const at = (x: number, y: number): number => data[(y * factor * info.width + x * factor) * info.channels]!;
  t.deepEqual([at(1, 1), at(4, 1), at(7, 1), at(1, 4), at(5, 5)], [0, 40, 80, 120, 160]);
  t.deepEqual([at(0, 0), at(3, 1), at(7, 4)], [255, 255, 255]);
});

test('grey images stay grey', async (t) => {
  const png = await gridPng({ pixels: Uint8Array.of(0, 60, 120, 250), count: 1, size: 2, channels: 1 });
  const { channels, width } = await sharp(png).metadata();
  t.true(channels === 1 || channels === 3);
  t.true(width >= 512);
});
