import sharp from 'sharp';
import test from 'ava';
import { datasetSheet, inspectDataset, openDataset } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { directoryOf } from './support/files.js';
import { png } from './support/images.js';

test('facts of a data set with classes and a broken image', async (t) => {
  const path = await directoryOf(t, {
    'a/1.png': await png(1, 5),
    'a/2.png': await png(2, 5),
    'b/1.png': await png(3, 5),
    'b/2.png': 'broken',
  });
  const config = dataConfig({ kind: 'imageFolder', path, onBadImage: 'skip' });
  const dataset = await openDataset(config, { home: await directoryOf(t) });
  const { name: _, skipped, ...facts } = inspectDataset(dataset);
  t.deepEqual(facts, {
    count: 3,
    size: 5,
    channels: 3,
    sizeBytes: 225,
    classes: [
      { name: 'a', count: 2 },
      { name: 'b', count: 1 },
    ],
    hash: dataset.hash,
  });
  t.is(skipped.length, 1);
});

test('the licence is told where it is known', async (t) => {
  const dataset = await openDataset(dataConfig({ kind: 'synthetic', size: 4 }));
  t.regex(inspectDataset(dataset).licence!, /no rights reserved/);
});

test('the sheet shows images from all over the set, and no more than there are', async (t) => {
  const dataset = await openDataset(dataConfig({ kind: 'synthetic', size: 4 }));
  const { width } = await sharp(await datasetSheet(dataset, 16)).metadata();
  t.is(width, 4 * 6 + 2);
  const few = { ...dataset, size: 3 };
  t.is((await sharp(await datasetSheet(few, 16)).metadata()).width, 2 * 6 + 2);
});
