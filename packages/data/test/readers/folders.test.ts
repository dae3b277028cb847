import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { link, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openDataset } from '../../src/index.js';
import { bytesOfPath, textOfName } from '../../src/storage/pathBytes.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';
import { picture, png, sameBytes } from '../support/images.js';
import { readSome } from '../support/read.js';

const open = async (t: ExecutionContext, path: string, overrides = {}) =>
  openDataset(dataConfig({ kind: 'imageFolder', path, ...overrides }), { home: await directoryOf(t) });
const codes = ({ notes }: Awaited<ReturnType<typeof open>>) => notes.map(({ code }) => code);

test('validation images are not trained on, and each split is its own', async (t) => {
  const path = await directoryOf(t, {
    'Train/cat/0.png': await png(0, 4),
    'Train/dog/0.png': await png(1, 4),
    'val/cat/0.png': await png(2, 4),
  });
  const train = await open(t, path);
  t.like(train, { size: 2, classNames: ['cat', 'dog'], splits: ['train', 'validation'] });
  t.is((await open(t, path, { split: 'validation' })).size, 1);
  t.is((await open(t, path, { split: 'all' })).size, 3);
  await t.throwsAsync(open(t, path, { split: 'test' }), { message: /it has train, validation/ });
  const none = await open(t, path, { split: 'none' });
  t.deepEqual(none.classNames, ['Train', 'val']);
});

test('classes have one number in all splits', async (t) => {
  const path = await directoryOf(t, {
    'train/a/0.png': await png(0, 4),
    'train/b/0.png': await png(1, 4),
    'train/c/0.png': await png(2, 4),
    'test/a/0.png': await png(3, 4),
    'test/c/0.png': await png(4, 4),
  });
  const held = await open(t, path, { split: 'test' });
  t.deepEqual(held.classNames, ['a', 'b', 'c']);
  t.deepEqual([...held.labels([0, 1])!], [0, 2]);
});

test('a split whose images lie in no class folder has no labels', async (t) => {
  for (const place of ['test/0.png', 'test/images/0.png']) {
    const path = await directoryOf(t, { 'train/a/0.png': await png(0, 4), [place]: await png(1, 4) });
    t.is((await open(t, path, { split: 'test' })).labels([0]), undefined);
    t.deepEqual([...(await open(t, path)).labels([0])!], [0]);
  }
});

test('images beside class folders are noted, for folders are then no classes', async (t) => {
  const path = await directoryOf(t, { 'preview.png': await png(0, 4), 'a/0.png': await png(1, 4) });
  const dataset = await open(t, path);
  t.is(dataset.numClasses, 0);
  t.deepEqual(codes(dataset), ['DDPM_NOTE_DATA_STRAYS']);
});

test('pictures of other kinds are counted by ending; what is no picture is not', async (t) => {
  const path = await directoryOf(t, {
    'a/0.png': await png(0, 4),
    ...{ 'a/1.psd': 'x', 'a/2.PSD': 'x', 'a/3.heic': 'x', 'a/labels.txt': 'x', 'a/Thumbs.db': 'x' },
  });
  const dataset = await open(t, path);
  t.is(dataset.size, 1);
  t.regex(dataset.notes[0]!.text, /^3 pictures .*: 2 \.psd, 1 \.heic\. Convert .*magick mogrify/);
});

test('a link to nothing matters only where it is called like an image', async (t) => {
  const path = await directoryOf(t, { 'a/0.png': await png(0, 4) });
  await symlink('/gone', join(path, 'notes'));
  t.deepEqual((await open(t, path)).skipped, []);
  await symlink('/gone', join(path, 'a/1.png'));
  await symlink('2.png', join(path, 'a/2.png'));
  await t.throwsAsync(open(t, path), {
    message: /a\/1\.png cannot be decoded: a link, and there is nothing there/,
  });
  const { size, skipped } = await open(t, path, { onBadImage: 'skip' });
  t.is(size, 1);
  t.regex(skipped[1]!.reason, /its links lead in a circle/);
});

test('links in circles end, and no image is taken twice', async (t) => {
  const path = await directoryOf(t, { 'b/0.png': await png(0, 4), 'b/c/1.png': await png(1, 4) });
  await symlink('..', join(path, 'b/up'));
  await symlink('b', join(path, 'a'));
  await symlink('../b/0.png', join(path, 'b/again.png'));
  await link(join(path, 'b/0.png'), join(path, 'b/2.png'));
  const dataset = await open(t, path);
  t.like(dataset, { size: 3, classNames: ['b'] });
  t.deepEqual(codes(dataset), ['DDPM_NOTE_DATA_REPEATED']);
});

test('links to one file elsewhere are images each: so content stores lay out their sets', async (t) => {
  const store = await directoryOf(t, { blob: await png(0, 4) });
  const path = await directoryOf(t);
  for (const name of ['0.png', '1.png']) await symlink(join(store, 'blob'), join(path, name));
  t.is((await open(t, path)).size, 2);
});

test('pipes and sockets are not waited for', async (t) => {
  const path = await directoryOf(t, { 'a/0.png': await png(0, 4) });
  execFileSync('mkfifo', [join(path, 'pipe'), join(path, 'a/1.png')]);
  await t.throwsAsync(open(t, path), { message: /a\/1\.png cannot be decoded: it is a pipe/ });
  t.is((await open(t, path, { onBadImage: 'skip' })).size, 1);
  const idx = dataConfig({ kind: 'idx', path: join(path, 'pipe') });
  await t.throwsAsync(openDataset(idx), { message: /pipe: it is no file/ });
});

test('names that are no UTF-8 are read', async (t) => {
  const path = await directoryOf(t);
  const folder = Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0x66, 0xfc, 0x72])]);
  mkdirSync(folder);
  writeFileSync(
    Buffer.concat([folder, Buffer.from('/'), Buffer.from([0xe9, 0xff]), Buffer.from('.png')]),
    await png(5, 4),
  );
  writeFileSync(join(path, '\ufffd.png'), await png(6, 4));
  const dataset = await open(t, path);
  t.is(dataset.size, 2);
  t.true(sameBytes(await readSome(dataset, [0, 1]), Buffer.concat([picture(5, 4), picture(6, 4)])));
});

test('bytes of names and text, there and back', (t) => {
  for (const bytes of [
    [0x61],
    [0xff],
    [0xc3, 0xa9, 0xe9],
    [0xf0, 0x9f, 0x98, 0x80, 0x80],
    [0xef, 0xbf, 0xbd, 0xff],
  ]) {
    const text = textOfName(Buffer.from(bytes));
    t.deepEqual([...Buffer.from(bytesOfPath(text))], bytes);
  }
  t.is(bytesOfPath('grün 😀'), 'grün 😀');
});
