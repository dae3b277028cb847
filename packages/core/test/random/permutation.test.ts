import test from 'ava';
import { Permutation, sampleAt } from '../../src/index.js';

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 169, 1000, 1911, 4096, 4097, 60000];

for (const size of SIZES) {
  test(`a bijection of [0, ${size})`, (t) => {
    for (const [seed, epoch] of [
      [0, 0],
      [0, 1],
      [4294967295, 7],
      [1, 2 ** 33],
    ] as const) {
      const permutation = new Permutation(seed, epoch, size);
      const seen = new Uint8Array(size);
      for (let i = 0; i < size; i++) seen[permutation.at(i)]!++;
      t.true(seen.every((count) => count === 1));
    }
  });
}

test('distinct and inside for sizes too large to enumerate', (t) => {
  for (const size of [2 ** 31, 2 ** 32 - 1, 2 ** 32]) {
    const permutation = new Permutation(3, 0, size);
    const images = new Set<number>();
    for (let i = 0; i < 2000; i++) images.add(permutation.at(size - 1 - i));
    t.is(images.size, 2000);
    t.true([...images].every((image) => image >= 0 && image < size));
  }
});

test('differs by epoch and by seed', (t) => {
  const order = (seed: number, epoch: number) => {
    const permutation = new Permutation(seed, epoch, 1000);
    return Array.from({ length: 1000 }, (_, i) => permutation.at(i));
  };
  const base = order(0, 0);
  for (const other of [order(0, 1), order(1, 0), order(0, 2 ** 32)]) {
    // Two independent orders agree in about one place.
    t.true(base.filter((image, i) => image === other[i]).length < 8);
  }
  t.deepEqual(order(0, 0), base);
});

test('every image comes to every place: chi-square over places and epochs', (t) => {
  for (const size of [10, 37]) {
    const epochs = 4000;
    const counts = new Float64Array(size * size);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permutation = new Permutation(11, epoch, size);
      for (let i = 0; i < size; i++) counts[i * size + permutation.at(i)]!++;
    }
    const expected = epochs / size;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = (size - 1) ** 2;
    t.true(
      Math.abs(chiSquare - freedom) < 4.5 * Math.sqrt(2 * freedom),
      `${size}: ${chiSquare} of ${freedom}`,
    );
  }
});

test('neighbours do not stay neighbours', (t) => {
  const size = 60000;
  const permutation = new Permutation(5, 0, size);
  let together = 0;
  for (let i = 1; i < size; i++) if (Math.abs(permutation.at(i) - permutation.at(i - 1)) === 1) together++;
  t.true(together < 12, `${together} pairs; about 2 are expected by chance`);
});

test('sampleAt shows each image once in each N positions from an epoch start, across epochs', (t) => {
  const size = 100;
  const positions = Array.from({ length: 5 * size }, (_, p) => sampleAt(9, size, BigInt(p)));
  for (let epoch = 0; epoch < 5; epoch++) {
    t.is(new Set(positions.slice(epoch * size, (epoch + 1) * size)).size, size);
  }
  const far = 2n ** 40n * BigInt(size);
  t.is(new Set(Array.from({ length: size }, (_, i) => sampleAt(9, size, far + BigInt(i)))).size, size);
});

test('a step that straddles two epochs reads the end of one and the beginning of the next', (t) => {
  const size = 10;
  const step = Array.from({ length: 8 }, (_, i) => sampleAt(1, size, BigInt(6 + i)));
  const [first, second] = [new Permutation(1, 0, size), new Permutation(1, 1, size)];
  t.deepEqual(step, [...[6, 7, 8, 9].map((i) => first.at(i)), ...[0, 1, 2, 3].map((i) => second.at(i))]);
});

test('sizes that are no size are refused', (t) => {
  for (const size of [0, -1, 1.5, NaN, 2 ** 32 + 1])
    t.throws(() => new Permutation(0, 0, size), { instanceOf: RangeError });
});
