import test from 'ava';
import {
  blocksPerImage,
  drawBits,
  drawInt,
  drawNormal,
  drawUniform,
  imageAddress,
  pairToU64,
  Purpose,
  u64Pair,
} from '../../src/index.js';

const DRAWS = {
  bits: drawBits,
  uniform: drawUniform,
  normal: drawNormal,
  int: (address: Parameters<typeof drawInt>[0], images: number, n: number) =>
    drawInt(address, images, n, 1000),
};

for (const [name, draw] of Object.entries(DRAWS)) {
  test(`${name}: a draw of contiguous images is the draw of each alone`, (t) => {
    for (const valuesPerImage of [1, 2, 3, 4, 5, 7, 8, 784, 769]) {
      const at = (position: bigint) => imageAddress(42, Purpose.noise, position, valuesPerImage, 3n);
      const start = 2n ** 32n / BigInt(blocksPerImage(valuesPerImage)) - 2n;
      const together = draw(at(start), 5, valuesPerImage);
      for (let image = 0; image < 5; image++) {
        const alone = draw(at(start + BigInt(image)), 1, valuesPerImage);
        t.deepEqual(together.slice(image * valuesPerImage, (image + 1) * valuesPerImage), alone);
      }
    }
  });
}

test('images never share a counter', (t) => {
  for (const valuesPerImage of [1, 3, 4, 5, 12]) {
    const seen = new Set<number>();
    for (let image = 0n; image < 50n; image++) {
      for (const word of drawBits(imageAddress(1, 1, image, valuesPerImage), 1, valuesPerImage))
        seen.add(word);
    }
    t.is(seen.size, 50 * valuesPerImage);
  }
});

test('uniform: on [0, 1), 23 bits, flat', (t) => {
  const n = 1 << 20;
  const values = drawUniform({ seed: 5, purpose: 1, counter: 0n }, 1, n);
  const counts = new Float64Array(64);
  for (const value of values) {
    if (!(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 23))) t.fail(`${value}`);
    counts[Math.floor(value * 64)]!++;
  }
  t.true(chiSquare(counts, n / 64) < 63 + 4 * Math.sqrt(2 * 63));
});

test('int: in range, flat, for ranges that are no power of two', (t) => {
  const n = 300_000;
  const values = drawInt({ seed: 6, purpose: 1, counter: 0n }, n, 1, 1000);
  const counts = new Float64Array(1000);
  for (const value of values) counts[value]!++;
  t.is(
    counts.reduce((a, b) => a + b),
    n,
  );
  t.true(chiSquare(counts, n / 1000) < 999 + 4 * Math.sqrt(2 * 999));
});

test('normal: the first four moments, and no dependence between neighbours', (t) => {
  const n = 1 << 20;
  const values = drawNormal({ seed: 7, purpose: 2, counter: 123n }, 1, n);
  const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / n;
  const sigma = (variance: number) => 4.5 * Math.sqrt(variance / n);
  t.true(Math.abs(moment(1)) < sigma(1));
  t.true(Math.abs(moment(2) - 1) < sigma(2));
  t.true(Math.abs(moment(3)) < sigma(15));
  t.true(Math.abs(moment(4) - 3) < sigma(96));
  for (const lag of [1, 2, 3, 4]) {
    let product = 0;
    for (let i = 0; i + lag < n; i++) product += values[i]! * values[i + lag]!;
    t.true(Math.abs(product / n) < sigma(1), `lag ${lag}`);
  }
});

test('normal: tails as they should be, and every value finite', (t) => {
  const n = 1 << 20;
  const values = drawNormal({ seed: 8, purpose: 2, counter: 0n }, 1, n);
  t.true(values.every(Number.isFinite));
  const beyond = (x: number) => values.reduce((count, value) => count + (Math.abs(value) > x ? 1 : 0), 0) / n;
  t.true(Math.abs(beyond(1) - 0.317311) < 0.0025);
  t.true(Math.abs(beyond(2) - 0.0455) < 0.001);
  t.true(Math.abs(beyond(3) - 0.0027) < 0.0003);
});

test('uint64 pairs go there and back', (t) => {
  for (const value of [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
    t.is(pairToU64(u64Pair(value)), value);
  }
  t.deepEqual([...u64Pair(2 ** 32 + 5)], [5, 1]);
});

function chiSquare(counts: Float64Array, expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
