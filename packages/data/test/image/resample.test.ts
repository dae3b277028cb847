import sharp from 'sharp';
import test from 'ava';
import { resample, type ResizeFilter } from '../../src/image/resample.js';

const FILTERS: ResizeFilter[] = ['lanczos3', 'area', 'cubic', 'nearest'];

for (const filter of FILTERS) {
  test(`${filter}: one colour stays that colour, at any size`, (t) => {
    for (const [from, to] of [
      [7, 3],
      [28, 32],
      [32, 16],
      [5, 64],
      [1, 4],
      [100, 1],
    ] as const) {
      const image = Uint8Array.from({ length: from * from * 3 }, (_, i) => [0, 255, 77][i % 3]!);
      const out = resample(image, 3, from, to, filter);
      t.is(out.length, to * to * 3);
      t.true(
        out.every((value, i) => value === [0, 255, 77][i % 3]),
        `${from} to ${to}`,
      );
    }
  });

  test(`${filter}: mirrored in, mirrored out`, (t) => {
    for (const [from, to] of [
      [12, 4],
      [12, 24],
      [9, 3],
    ] as const) {
      const image = Uint8Array.from({ length: from * from }, (_, i) => (i * 97) & 255);
      const out = resample(image, 1, from, to, filter);
      const mirrored = resample(mirror(image, from), 1, from, to, filter);
      // `nearest` has no middle to mirror around when it shrinks by an even number.
      if (filter !== 'nearest' || (from / to) % 2 === 1 || from < to) t.deepEqual(mirrored, mirror(out, to));
      else t.is(out.length, to * to);
    }
  });

  test(`${filter}: transposed in, transposed out`, (t) => {
    const image = Uint8Array.from({ length: 400 }, (_, i) => (i * 131) & 255);
    t.deepEqual(
      resample(transpose(image, 20), 1, 20, 13, filter),
      transpose(resample(image, 1, 20, 13, filter), 13),
    );
  });
}

test('area: halving is the mean of two by two, rounded half up', (t) => {
  const image = Uint8Array.of(10, 20, 1, 0, 30, 41, 0, 1, 255, 255, 0, 0, 255, 254, 0, 1);
  t.deepEqual([...resample(image, 1, 4, 2, 'area')], [25, 1, 255, 0]);
});

test('area: uneven shrinking weighs pixels by overlap', (t) => {
  const row = [0, 90, 210];
  const image = Uint8Array.from({ length: 9 }, (_, i) => row[i % 3]!);
  t.deepEqual([...resample(image, 1, 3, 2, 'area')], [30, 170, 30, 170]);
});

test('nearest takes pixels as they are', (t) => {
  const image = Uint8Array.from({ length: 36 }, (_, i) => i);
  t.deepEqual([...resample(image, 1, 6, 3, 'nearest')], [7, 9, 11, 19, 21, 23, 31, 33, 35]);
  t.deepEqual(
    [...resample(Uint8Array.of(1, 2, 3, 4), 1, 2, 4, 'nearest').subarray(0, 8)],
    [1, 1, 2, 2, 1, 1, 2, 2],
  );
});

test('lanczos3 and cubic overshoot at an edge and are clamped', (t) => {
  const image = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i % 32 < 16 ? 10 : 245));
  for (const filter of ['lanczos3', 'cubic'] as const) {
    const row = resample(image, 1, 32, 48, filter).subarray(0, 48);
    t.true(Math.max(...row) > 245 && Math.min(...row) < 10);
  }
});

for (const kernel of ['lanczos3', 'cubic', 'nearest'] as const) {
  test(`${kernel}: shrinks as libvips does, on a smooth picture`, async (t) => {
    for (const [from, to] of [
      [64, 48],
      [60, 20],
    ] as const) {
      const image = Uint8Array.from({ length: from * from }, (_, i) => {
        const [x, y] = [(i % from) / from, Math.floor(i / from) / from];
        return Math.round(127 + 60 * Math.sin(5 * x + 2 * y) + 50 * Math.cos(7 * y));
      });
      const theirs = await sharp(image, { raw: { width: from, height: from, channels: 1 } })
        .resize(to, to, { kernel, fastShrinkOnLoad: false })
        .toColourspace('b-w')
        .raw()
        .toBuffer();
      const ours = resample(image, 1, from, to, kernel);
      const inner = [...ours.keys()].filter((i) =>
        [i % to, Math.floor(i / to)].every((p) => p > 3 && p < to - 4),
      );
      const worst = Math.max(...inner.map((i) => Math.abs(ours[i]! - theirs[i]!)));
      t.true(worst <= (kernel === 'nearest' ? 12 : 2), `${from} to ${to}: ${worst}`);
    }
  });
}

test('growing keeps a ramp a ramp', (t) => {
  const ramp = Uint8Array.from({ length: 400 }, (_, i) => 20 + (i % 20) * 10);
  for (const filter of ['lanczos3', 'cubic'] as const) {
    const row = resample(ramp, 1, 20, 50, filter).subarray(0, 50);
    for (let i = 8; i < 42; i++)
      t.true(Math.abs(row[i]! - (20 + ((i + 0.5) * 0.4 - 0.5) * 10)) <= 1, `${filter} ${i}`);
  }
});

function mirror(image: Uint8Array, size: number): Uint8Array {
  return image.map((_, i) => image[Math.floor(i / size) * size + size - 1 - (i % size)]!);
}

function transpose(image: Uint8Array, size: number): Uint8Array {
  return image.map((_, i) => image[(i % size) * size + Math.floor(i / size)]!);
}
