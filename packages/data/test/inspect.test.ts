import { loadConfig } from '@ddpm-fleet/config';
import test from 'ava';
import { inspectDataset, openDataset } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { directoryOf } from './support/files.js';
import { png } from './support/images.js';

const MODEL = loadConfig({ env: {} }).model;

test('facts of a data set with classes and a broken image', async (t) => {
  const path = await directoryOf(t, {
    'a/1.png': await png(1, 5),
    'a/2.png': await png(2, 5),
    'b/1.png': await png(3, 5),
    'b/2.png': 'broken',
  });
  const config = dataConfig({ kind: 'imageFolder', path, onBadImage: 'skip', heldOut: 0 });
  const dataset = await openDataset(config, { home: await directoryOf(t) });
  const { name: _, skipped, notes, ...facts } = inspectDataset(dataset, { data: config, model: MODEL });
  t.deepEqual(facts, {
    images: 3,
    heldOut: 0,
    imageSize: 5,
    channels: 3,
    sizes: { count: 1, smallest: [5, 5], largest: [5, 5] },
    classes: { a: 2, b: 1 },
    hash: dataset.hash,
  });
  t.is(skipped.length, 1);
  t.deepEqual(
    notes.map(({ code }) => code),
    ['DDPM_NOTE_DATA_SKIPPED'],
  );
});

test('the licence is told where it is known', async (t) => {
  const config = dataConfig({ kind: 'synthetic', size: 4 });
  const dataset = await openDataset(config);
  t.regex(inspectDataset(dataset, { data: config, model: MODEL }).licence!, /no rights reserved/);
});

test('a large share of held-out images is noted', async (t) => {
  const config = { ...dataConfig({ kind: 'synthetic', size: 4 }), heldOut: 512 };
  const dataset = await openDataset(config);
  const { notes } = inspectDataset(dataset, { data: config, model: MODEL });
  t.regex(notes[0]!.text, /^512 of 1024 images \(50 %\)/);
  t.deepEqual(inspectDataset(dataset, { data: { ...config, heldOut: 64 }, model: MODEL }).notes, []);
});
