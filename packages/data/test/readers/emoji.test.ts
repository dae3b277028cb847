import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import test from 'ava';
import { imageBytes, openDataset } from '../../src/index.js';
import { locateEmoji } from '../../src/readers/emoji.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';

const root = dirname(createRequire(import.meta.url).resolve('emoji-datasource-google/package.json'));
const emoji = createRequire(import.meta.url)('emoji-datasource-google') as {
  image: string;
  category: string;
}[];

test('all: 1,911 pictures in ten categories, label = index of the category', async (t) => {
  const dataset = await openDataset(dataConfig({ kind: 'emoji', size: 16 }), { home: await directoryOf(t) });
  t.like(dataset, { size: 1911, imageSize: 16, channels: 3, numClasses: 10 });
  const labels = [...dataset.labels(Uint32Array.from({ length: 1911 }, (_, i) => i))!];
  t.deepEqual(
    labels.map((label) => dataset.classNames[label]),
    emoji.map(({ category }) => category),
  );
  t.regex(dataset.licence!, /Apache License 2\.0.*MIT/);
});

for (const [size, sheet] of [
  [32, 32],
  [64, 64],
] as const) {
  test(`tile i of the sheet is the file that emoji.json names (${size} pixels)`, async (t) => {
    const config = dataConfig({ kind: 'emoji', size, category: 'Smileys & Emotion' });
    const dataset = await openDataset(config, { home: await directoryOf(t) });
    t.is(dataset.size, 169);
    const faces = emoji.filter(({ category }) => category === 'Smileys & Emotion');
    for (const index of [0, 17, 168]) {
      const out = new Uint8Array(imageBytes(dataset));
      await dataset.read([index], out);
      const file = join(root, 'img/google/64', faces[index]!.image);
      const theirs = await sharp(file).flatten({ background: '#fff' }).resize(size, size).raw().toBuffer();
      const difference = out.reduce((sum, value, i) => sum + Math.abs(value - theirs[i]!), 0) / out.length;
      t.true(difference < (sheet === 64 ? 0.5 : 6), `${index}: ${difference}`);
    }
  });
}

test('size 0 keeps the 32 pixels of the sheet', async (t) => {
  const config = dataConfig({ kind: 'emoji', category: 'Food & Drink' });
  t.like(await openDataset(config, { home: await directoryOf(t) }), {
    size: 131,
    imageSize: 32,
    numClasses: 1,
  });
});

test('skin variations are left out unless they are asked for', async (t) => {
  const source = await locateEmoji({ category: '', size: 32, skinVariations: true });
  const reader = await source.open();
  t.is(reader.count, 3786);
  await reader.close();
});

test('a category that does not exist is refused with those that do', async (t) => {
  await t.throwsAsync(
    openDataset(dataConfig({ kind: 'emoji', category: 'Faces' }), { home: await directoryOf(t) }),
    {
      message: /'Faces' does not exist\. There are: Activities, Animals & Nature, .*, Travel & Places; or/,
    },
  );
});
