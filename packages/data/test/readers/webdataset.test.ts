import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { imageBytes, NO_LABEL, openDataset } from '../../src/index.js';
import { expandBraces } from '../../src/readers/webdataset.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { directoryOf, sharedDirectoryOf } from '../support/files.js';
import { encode, picture, png, sameBytes } from '../support/images.js';
import { tarBytes } from '../support/tar.js';

const LABELS = [2, 0, 1, 2, 2, 0, 1];

async function sample(
  index: number,
  format: 'cls' | 'json' | 'none' = 'cls',
): Promise<Record<string, Uint8Array | string>> {
  const key = `set/${String(index).padStart(6, '0')}`;
  const image = { [`${key}.png`]: await png(index, 12) };
  if (format === 'cls') return { ...image, [`${key}.cls`]: `${LABELS[index]}\n` };
  return format === 'none'
    ? image
    : { [`${key}.json`]: JSON.stringify({ label: LABELS[index], caption: 'x' }), ...image };
}

async function shard(
  indices: readonly number[],
  format: 'cls' | 'json' | 'none' = 'cls',
  tar: 'ustar' | 'pax' = 'ustar',
) {
  const samples = await Promise.all(indices.map((index) => sample(index, format)));
  return tarBytes(Object.assign({}, ...samples) as Record<string, Uint8Array>, tar);
}

const directory = (async () =>
  sharedDirectoryOf({
    'set-0000.tar': await shard([0, 1, 2]),
    'set-0001.tar': await shard([3], 'json', 'pax'),
    'set-0002.tar': await shard([4, 5, 6], 'json'),
    'sizes.json': '{}',
  }))();
const images = LABELS.map((_, index) => picture(index, 12));
const expected = { images, imageSize: 12, channels: 3, labels: LABELS, classNames: ['0', '1', '2'] };

conform('shards in a directory', async () => ({
  config: dataConfig({ kind: 'webdataset', path: await directory }),
  expected,
}));
conform('shards by a pattern', async () => ({
  config: dataConfig({ kind: 'webdataset', path: join(await directory, 'set-{0000..0002}.tar') }),
  expected,
}));

test('one file, without labels', async (t) => {
  const path = await directoryOf(t, { 'x.tar': await shard([0, 1, 2, 3], 'none') });
  const dataset = await openDataset(dataConfig({ kind: 'webdataset', path: join(path, 'x.tar') }), {
    home: await directoryOf(t),
  });
  t.like(dataset, { size: 4, numClasses: 0 });
  t.is(dataset.labels([0]), undefined);
});

test('extensions of several parts, hidden members and other members are left alone', async (t) => {
  const archive = await tarBytes({
    '._a.png': 'resource fork',
    'a.txt': 'a caption',
    'a.seg.bin': 'mask',
    'a.jpg': await encode(picture(1, 8), 8, 8, 'jpeg'),
    'b.webp': await encode(picture(2, 8), 8, 8, 'webp'),
  });
  const path = await directoryOf(t, { 'x.tar': archive });
  const dataset = await openDataset(dataConfig({ kind: 'webdataset', path }), { home: await directoryOf(t) });
  t.is(dataset.size, 2);
  const out = new Uint8Array(imageBytes(dataset));
  await dataset.read([1], out);
  t.true(sameBytes(out, picture(2, 8)));
});

test('reopened without its images kept, no shard is scanned: the index comes from the cache', async (t) => {
  const path = await directoryOf(t, { 'x.tar': await shard([0, 1, 2, 3, 4]) });
  const config = dataConfig({ kind: 'webdataset', path });
  const options = { home: await directoryOf(t), cacheBytes: 0 };
  const first = await openDataset(config, options);
  await first.close();
  let decoded = 0;
  const again = await openDataset(config, { ...options, onProgress: () => (decoded += 1) });
  t.is(decoded, 0);
  const out = new Uint8Array(imageBytes(again));
  await again.read([3], out);
  t.true(sameBytes(out, images[3]));
  // A shard that shrinks under an open data set is an error of the read, not a wrong image.
  await truncate(join(path, 'x.tar'), 2000);
  await t.throwsAsync(again.read([4], out), {
    message: /x\.tar is truncated: \d+ bytes expected, 2000 found/,
  });
  await again.close();
});

test('a broken image in the middle of a shard is named by its member', async (t) => {
  const broken = {
    ...(await sample(0)),
    'set/000001.png': (await png(1, 12)).subarray(0, 60),
    'set/000001.cls': '0',
    ...(await sample(2)),
  };
  const path = await directoryOf(t, { 'x.tar': await tarBytes(broken) });
  const open = async (onBadImage: 'refuse' | 'skip') =>
    openDataset(dataConfig({ kind: 'webdataset', path, onBadImage }), { home: await directoryOf(t) });
  await t.throwsAsync(open('refuse'), { message: /x\.tar: set\/000001\.png cannot be decoded/ });
  const dataset = await open('skip');
  t.is(dataset.size, 2);
  t.deepEqual([...dataset.labels([0, 1])!], [LABELS[0], LABELS[2]]);
  t.regex(dataset.skipped[0]!.place, /x\.tar: set\/000001\.png$/);
});

test('a sample without an image is refused or skipped like a broken one', async (t) => {
  const path = await directoryOf(t, {
    'x.tar': await tarBytes({ ...(await sample(0)), 'set/000001.cls': '1', ...(await sample(2)) }),
  });
  const open = async (onBadImage: 'refuse' | 'skip') =>
    openDataset(dataConfig({ kind: 'webdataset', path, onBadImage }), { home: await directoryOf(t) });
  await t.throwsAsync(open('refuse'), {
    message: /x\.tar: set\/000001\.cls cannot be decoded: no image .* share their name up to its first dot/,
  });
  t.is((await open('skip')).size, 2);
});

test('a label that is missing or makes no sense leaves its image unlabelled, and is counted', async (t) => {
  const open = async (files: Record<string, Uint8Array | string>) =>
    openDataset(
      dataConfig({ kind: 'webdataset', path: await directoryOf(t, { 'x.tar': await tarBytes(files) }) }),
      { home: await directoryOf(t) },
    );
  const missing = await open({ ...(await sample(0)), ...(await sample(1, 'none')) });
  t.deepEqual([...missing.labels([0, 1])!], [LABELS[0], NO_LABEL]);
  for (const [name, content] of [
    ['cls', '4000000000'],
    ['cls', 'x'.repeat(2000)],
    ['json', '{'],
    ['json', '{"label": 1.5}'],
    ['json', '{"label": ["a"]}'],
  ] as const) {
    const files = { ...(await sample(1)), ...(await sample(0, 'none')), [`set/000000.${name}`]: content };
    const dataset = await open(files);
    t.like(dataset.unreadableLabels, { count: 1 }, content.slice(0, 20));
    t.regex(dataset.unreadableLabels!.first, /x\.tar: set\/000000/);
    t.deepEqual([...dataset.labels([0, 1])!], [LABELS[1], NO_LABEL]);
  }
});

test('refused: no shards, no samples, a missing shard of a pattern, a range that goes down', async (t) => {
  const home = await directoryOf(t);
  const open = (path: string) => openDataset(dataConfig({ kind: 'webdataset', path }), { home });
  await t.throwsAsync(open(await directoryOf(t)), { message: /holds no images: a \.tar file/ });
  await t.throwsAsync(open(await directoryOf(t, { 'x.tar': Buffer.alloc(1024) })), {
    message: /holds no images: a sample/,
  });
  await t.throwsAsync(open(join(await directory, 'set-{0000..0003}.tar')), {
    message: /set-0003\.tar: there is nothing there/,
  });
  await t.throwsAsync(open('set-{5..1}.tar'), { message: /a range that goes upwards/ });
});

test('braces', (t) => {
  t.deepEqual(expandBraces('a-{08..11}.tar'), ['a-08.tar', 'a-09.tar', 'a-10.tar', 'a-11.tar']);
  t.deepEqual(expandBraces('{0..1}/{1..2}.tar'), ['0/1.tar', '0/2.tar', '1/1.tar', '1/2.tar']);
  t.is(expandBraces('plain.tar'), undefined);
});
