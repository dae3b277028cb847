import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { imageBytes, openDataset } from '../../src/index.js';
import { fitPixels } from '../../src/image/fit.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { directoryOf, sharedDirectoryOf } from '../support/files.js';
import { idxBytes } from '../support/idx.js';
import { picture, sameBytes } from '../support/images.js';

const IMAGES = Array.from({ length: 9 }, (_, i) => picture(i, 6, 6, 1));
const LABELS = [3, 1, 4, 1, 5, 2, 0, 5, 3];
const files = (prefix: string, pack: (bytes: Buffer) => Uint8Array, end = '') => ({
  [`${prefix}-images-idx3-ubyte${end}`]: pack(idxBytes([9, 6, 6], Buffer.concat(IMAGES))),
  [`${prefix}-labels-idx1-ubyte${end}`]: pack(idxBytes([9], Uint8Array.from(LABELS))),
});
const zipped = sharedDirectoryOf(files('train', gzipSync, '.gz'));
const expected = {
  images: IMAGES,
  imageSize: 6,
  channels: 1,
  labels: LABELS,
  classNames: ['0', '1', '2', '3', '4', '5'],
};

conform('gzipped', async () => ({
  config: dataConfig({ kind: 'idx', path: await zipped, channels: 1 }),
  expected,
}));

test('raw files, a single file, and the test split give the same', async (t) => {
  const home = await directoryOf(t);
  const raw = await directoryOf(
    t,
    files('t10k', (bytes) => bytes),
  );
  const single = join(await zipped, 'train-images-idx3-ubyte.gz');
  for (const [path, split] of [
    [raw, 'test'],
    [single, 'train'],
  ] as const) {
    const dataset = await openDataset(dataConfig({ kind: 'idx', path, split, channels: 1 }), { home });
    t.is(dataset.hash, createHash('sha256').update(Buffer.concat(IMAGES)).digest('hex'));
    t.deepEqual([...dataset.labels([0, 1, 2])!], [3, 1, 4]);
    await dataset.close();
  }
});

test('without a file of labels there are no labels', async (t) => {
  const path = await directoryOf(t, {
    'train-images.idx3-ubyte': idxBytes([9, 6, 6], Buffer.concat(IMAGES)),
  });
  const dataset = await openDataset(dataConfig({ kind: 'idx', path, channels: 1 }), {
    home: await directoryOf(t),
  });
  t.is(dataset.labels([0]), undefined);
  t.is(dataset.numClasses, 0);
  await dataset.close();
});

test('another size is a resize with the stated filter, other channels a repetition', async (t) => {
  const home = await directoryOf(t);
  for (const resizeFilter of ['area', 'lanczos3'] as const) {
    const config = dataConfig({ kind: 'idx', path: await zipped, size: 8, channels: 3, resizeFilter });
    const dataset = await openDataset(config, { home });
    const out = new Uint8Array(imageBytes(dataset));
    await dataset.read([4], out);
    const image = { kind: 'pixels', width: 6, height: 6, channels: 1, data: IMAGES[4]! } as const;
    t.true(sameBytes(out, fitPixels(image, { size: 8, channels: 3, filter: resizeFilter })));
    await dataset.close();
  }
});

const refused: Record<string, { files: Record<string, Uint8Array>; message: RegExp }> = {
  'truncated images': {
    files: { 'train-images-idx3-ubyte': idxBytes([9, 6, 6], Buffer.concat(IMAGES)).subarray(0, 200) },
    message: /train-images-idx3-ubyte is truncated: 340 bytes expected, 200 found/,
  },
  'truncated gzip stream': {
    files: { 'train-images-idx3-ubyte.gz': gzipSync(idxBytes([9, 6, 6], noise(9 * 36))).subarray(0, 180) },
    message: /train-images-idx3-ubyte\.gz is truncated: 340 bytes expected, \d+ found/,
  },
  'damaged gzip stream': {
    files: { 'train-images-idx3-ubyte.gz': Buffer.concat([gzipSync(noise(99)).subarray(0, 10), noise(300)]) },
    message: /train-images-idx3-ubyte\.gz is not a readable gzip file/,
  },
  'a header that is cut off': {
    files: { 'train-images-idx3-ubyte': Uint8Array.of(0, 0, 8, 3, 0, 0) },
    message: /is truncated: 16 bytes expected, 6 found/,
  },
  'an empty file': {
    files: { 'train-images-idx3-ubyte': new Uint8Array(0) },
    message: /is truncated: 16 bytes expected, 0/,
  },
  'wrong magic': {
    files: { 'train-images-idx3-ubyte': idxBytes([9], Uint8Array.from(LABELS)) },
    message: /its magic number is 0x00000801, not 0x00000803/,
  },
  'labels of other images': {
    files: {
      'train-images-idx3-ubyte': idxBytes([9, 6, 6], Buffer.concat(IMAGES)),
      'train-labels-idx1-ubyte': idxBytes([8], Uint8Array.from(LABELS.slice(1))),
    },
    message: /train-labels-idx1-ubyte is not .*: it has 8 labels for 9 images/,
  },
  'no such files': {
    files: { 'readme.txt': Buffer.from('x') },
    message: /holds no images: train-images-idx3-ubyte/,
  },
  'no images in it': {
    files: { 'train-images-idx3-ubyte': idxBytes([0, 6, 6], new Uint8Array(0)) },
    message: /holds no images/,
  },
  'not square, size 0': {
    files: { 'train-images-idx3-ubyte': idxBytes([1, 6, 5], picture(0, 5, 6, 1)) },
    message: /image 0 is 5x6 pixels, which is not square\. Set data\.size/,
  },
};

for (const [name, { files: content, message }] of Object.entries(refused)) {
  test(`refused: ${name}`, async (t) => {
    const path = await directoryOf(t, content);
    const home = await directoryOf(t);
    const error = await t.throwsAsync(openDataset(dataConfig({ kind: 'idx', path, channels: 1 }), { home }), {
      message,
    });
    t.is((error as { exitCode?: number }).exitCode, 2);
  });
}

test('refused: nothing at the path, no path', async (t) => {
  await t.throwsAsync(openDataset(dataConfig({ kind: 'idx', path: '/nowhere/mnist' })), {
    message: /cannot read the images at \/nowhere\/mnist: there is nothing there/,
  });
  await t.throwsAsync(openDataset(dataConfig({ kind: 'idx' })), {
    message: /data\.kind idx needs data\.path/,
  });
});

/** The Debian package dataset-fashion-mnist. */
const FASHION = '/usr/share/datasets/fashion-mnist';
const withFashion = existsSync(FASHION) ? test : test.skip;

withFashion(`Fashion-MNIST of ${FASHION} has the published pixels and labels`, async (t) => {
  const home = await directoryOf(t);
  const dataset = await openDataset(dataConfig({ kind: 'idx', path: FASHION, split: 'test', channels: 1 }), {
    home,
  });
  const raw = gunzipSync(readFileSync(join(FASHION, 't10k-images-idx3-ubyte.gz')));
  const published = '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b';
  t.is(createHash('sha256').update(raw).digest('hex'), published);
  t.is(dataset.hash, createHash('sha256').update(raw.subarray(16)).digest('hex'));
  t.like(dataset, { size: 10000, imageSize: 28, channels: 1, numClasses: 10 });
  t.deepEqual([...dataset.labels([0, 1, 2, 3, 4])!], [9, 2, 1, 1, 6]);
  await dataset.close();
});

/** Bytes that gzip cannot shrink. */
function noise(length: number): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
}
