import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import test from 'ava';
import { imageBytes, openDataset, type OpenOptions } from '../../src/index.js';
import { fitPixels } from '../../src/image/fit.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { directoryOf, sharedDirectoryOf } from '../support/files.js';
import { encode, picture, png, sameBytes } from '../support/images.js';

/** Two classes of unlike size: index order takes them in turn. */
const labelled = (async () =>
  sharedDirectoryOf({
    'cats/a.png': await png(0, 10),
    'dogs/1.webp': await encode(picture(1, 10), 10, 10, 'webp'),
    'cats/b.PNG': await png(2, 10),
    'dogs/2/deep.png': await png(3, 10),
    'cats/c.png': await png(4, 10),
    'cats/d.webp': await encode(picture(5, 10), 10, 10, 'webp'),
    'cats/notes.txt': 'not an image',
    'cats/.hidden.png': 'not an image either',
  }))();

conform('classes by folder', async () => ({
  config: dataConfig({ kind: 'imageFolder', path: await labelled }),
  expected: {
    images: [0, 1, 2, 3, 4, 5].map((index) => picture(index, 10)),
    imageSize: 10,
    channels: 3,
    labels: [0, 1, 0, 1, 0, 0],
    classNames: ['cats', 'dogs'],
  },
}));

conform('no classes', async () => ({
  config: dataConfig({ kind: 'imageFolder', path: await flat }),
  expected: { images: [0, 1, 2, 3].map((index) => picture(index, 8)), imageSize: 8, channels: 3 },
}));

const flat = (async () =>
  sharedDirectoryOf({
    'a.png': await png(0, 8),
    'b.png': await png(1, 8),
    'c.png': await png(2, 8),
    'd/e.png': await png(3, 8),
  }))();

/** The one image of a folder as the data set gives it. */
async function readOne(
  t: Parameters<typeof directoryOf>[0],
  name: string,
  bytes: Uint8Array,
  overrides = {},
) {
  const path = await directoryOf(t, { [name]: bytes });
  const config = dataConfig({ kind: 'imageFolder', path, ...overrides });
  const dataset = await openDataset(config, { home: await directoryOf(t) });
  const out = new Uint8Array(imageBytes(dataset));
  await dataset.read([0], out);
  await dataset.close();
  return out;
}

const KINDS = {
  'grey PNG': { width: 9, height: 9, channels: 1 },
  'colour PNG with alpha': { width: 9, height: 9, channels: 4 },
  'odd size, wide': { width: 31, height: 17, channels: 3 },
  'odd size, tall, alpha': { width: 13, height: 29, channels: 4 },
} as const;

for (const [name, { width, height, channels }] of Object.entries(KINDS)) {
  for (const out of [1, 3] as const) {
    test(`${name} to ${out} channel${out > 1 ? 's' : ''} of 9x9`, async (t) => {
      const data = picture(3, width, height, channels);
      const fit = { size: 9, channels: out, filter: 'cubic' } as const;
      const bytes = await encode(data, width, height);
      const got = await readOne(t, 'x.png', bytes, { size: 9, channels: out, resizeFilter: 'cubic' });
      t.true(sameBytes(got, fitPixels({ kind: 'pixels', width, height, channels, data }, fit)));
    });
  }
}

test('16-bit, palette and interlaced PNG', async (t) => {
  const two = (i: number) => (i % 2 ? 200 : 30);
  const data = Uint8Array.from({ length: 64 * 3 }, (_, i) => two(Math.floor(i / 3)));
  const raw = () => sharp(data, { raw: { width: 8, height: 8, channels: 3 } });
  t.true(
    sameBytes(await readOne(t, 'p.png', await raw().png({ palette: true, colours: 2 }).toBuffer()), data),
  );
  t.true(sameBytes(await readOne(t, 'i.png', await raw().png({ progressive: true }).toBuffer()), data));
  const deep = await raw().toColourspace('rgb16').png().toBuffer();
  t.is(deep[24], 16, 'the file has 16 bits a sample');
  t.true(sameBytes(await readOne(t, 'd.png', deep), data));
});

test('JPEG decodes to nearly the same picture, and is turned upright as EXIF says', async (t) => {
  const data = Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => ((i / 3) % 32 < 16 ? 250 : 10));
  const bytes = await sharp(data, { raw: { width: 32, height: 16, channels: 3 } })
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const upright = await readOne(t, 'x.jpeg', bytes, { size: 16, channels: 1 });
  // Orientation 6 turns clockwise: what was left is now on top.
  t.true(upright.subarray(0, 16 * 6).every((value) => value > 235));
  t.true(upright.subarray(16 * 10).every((value) => value < 25));
});

test('a directory with train and test takes that of the split', async (t) => {
  const path = await directoryOf(t, { 'train/a/1.png': await png(1, 4), 'test/a/1.png': await png(2, 4) });
  const home = await directoryOf(t);
  const hashes = await Promise.all(
    (['train', 'test'] as const).map(
      async (split) => (await openDataset(dataConfig({ kind: 'imageFolder', path, split }), { home })).hash,
    ),
  );
  t.not(hashes[0], hashes[1]);
});

test('linked directories are followed', async (t) => {
  const real = await directoryOf(t, { 'x.png': await png(1, 4), 'y.png': await png(2, 4) });
  const path = await directoryOf(t);
  await symlink(real, join(path, 'linked'));
  t.like(await openDataset(dataConfig({ kind: 'imageFolder', path }), { home: await directoryOf(t) }), {
    size: 2,
    numClasses: 1,
  });
});

const corrupt = async () => {
  const whole = await encode(picture(9, 64), 64, 64);
  const flipped = Buffer.from(whole);
  flipped[Math.floor(whole.length / 2)]! ^= 0xff;
  return { whole, flipped, cut: whole.subarray(0, whole.length / 2) };
};

test('a corrupt PNG in the middle is named and refused: cut off, flipped, empty, no image', async (t) => {
  const { flipped, cut } = await corrupt();
  for (const [i, broken] of [cut, flipped, Buffer.alloc(0), Buffer.from('hello')].entries()) {
    const path = await directoryOf(t, {
      'a/1.png': await png(1, 64),
      'a/2.png': broken,
      'a/3.png': await png(3, 64),
    });
    const opening = openDataset(dataConfig({ kind: 'imageFolder', path }), { home: await directoryOf(t) });
    const error = await t.throwsAsync(
      opening,
      { message: /a\/2\.png cannot be decoded: .+ data\.onBadImage: skip/ },
      `${i}`,
    );
    t.notRegex(error!.message, /\n/);
  }
});

test('skip leaves broken images out, counts and names them, in every way of keeping images', async (t) => {
  const { cut } = await corrupt();
  const path = await directoryOf(t, {
    '0.png': cut,
    '1.png': await png(1, 64),
    '2.png': Buffer.alloc(0),
    '3.png': await png(3, 64),
    '4.png': cut,
    '5.png': await png(5, 64),
  });
  const config = dataConfig({ kind: 'imageFolder', path, onBadImage: 'skip' });
  for (const limits of [{}, { memoryBytes: 0 }, { cacheBytes: 0 }] satisfies OpenOptions[]) {
    const home = await directoryOf(t);
    for (const _ of ['first', 'again']) {
      const dataset = await openDataset(config, { ...limits, home });
      t.is(dataset.size, 3);
      t.deepEqual(
        dataset.skipped.map(({ place }) => place),
        ['0.png', '2.png', '4.png'].map((name) => join(path, name)),
      );
      t.true(dataset.skipped.every(({ reason }) => reason.length > 0));
      const out = new Uint8Array(3 * imageBytes(dataset));
      await dataset.read([0, 1, 2], out);
      t.true(sameBytes(out, Buffer.concat([1, 3, 5].map((index) => picture(index, 64)))));
      await dataset.close();
    }
  }
});

test('refused: nothing but broken images, even with skip', async (t) => {
  const path = await directoryOf(t, { 'a.png': 'x', 'b.png': 'y' });
  for (const size of [0, 8]) {
    const config = dataConfig({ kind: 'imageFolder', path, size, onBadImage: 'skip' });
    await t.throwsAsync(openDataset(config, { home: await directoryOf(t) }), {
      message: /holds no images: an image that can be decoded/,
    });
  }
});

test('refused: images of several sizes without data.size, also where broken ones are skipped', async (t) => {
  const path = await directoryOf(t, {
    'a.png': await png(0, 8),
    'b.png': await png(1, 8),
    'c.png': await png(2, 9),
  });
  for (const onBadImage of ['refuse', 'skip'] as const) {
    const config = dataConfig({ kind: 'imageFolder', path, onBadImage });
    await t.throwsAsync(openDataset(config, { home: await directoryOf(t) }), {
      message: /c\.png is 9x9 pixels and others are 8x8\. Set data\.size/,
    });
  }
});

test('refused: an empty folder, a folder of other things, a file', async (t) => {
  const home = await directoryOf(t);
  const open = (path: string) => openDataset(dataConfig({ kind: 'imageFolder', path }), { home });
  await t.throwsAsync(open(await directoryOf(t)), {
    message: /holds no images: a \.png, \.jpg, \.webp/,
  });
  const other = await directoryOf(t, { 'a.txt': 'x' });
  await t.throwsAsync(open(other), { message: /\(it holds 1 \.txt\) holds no images/ });
  await t.throwsAsync(open(join(other, 'a.txt')), { message: /it is not a directory/ });
});

const unlessRoot = process.getuid?.() === 0 ? test.skip : test;

unlessRoot('refused: a directory that cannot be read (root may read everything)', async (t) => {
  const path = await directoryOf(t, { 'a/1.png': await png(1, 4), 'b/1.png': await png(2, 4) });
  await chmod(join(path, 'b'), 0);
  t.teardown(() => chmod(join(path, 'b'), 0o755));
  await t.throwsAsync(
    openDataset(dataConfig({ kind: 'imageFolder', path }), { home: await directoryOf(t) }),
    {
      message: /cannot read the images at .*\/b: permission denied/,
    },
  );
});
