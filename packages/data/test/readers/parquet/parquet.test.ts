import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import test from 'ava';
import { imageBytes, NO_LABEL, openDataset } from '../../../src/index.js';
import { dataConfig } from '../../support/config.js';
import { conform } from '../../support/conform.js';
import { directoryOf, sharedDirectoryOf } from '../../support/files.js';
import { picture, png, sameBytes } from '../../support/images.js';

const LABELS = [1, 0, 2, 2, 1, 0, 0, 1];
const NAMES = ['cat', 'dog', 'newt'];
const images = LABELS.map((_, index) => picture(index, 7));
const encoded = Promise.all(LABELS.map((_, index) => png(index, 7)));
const features = {
  info: { features: { image: { _type: 'Image' }, label: { names: NAMES, _type: 'ClassLabel' } } },
};

type Write = Parameters<typeof parquetWriteBuffer>[0];

/** As Hugging Face datasets writes it: a struct of bytes and path, int64 labels, class names in the metadata. */
function huggingFace(
  pngs: readonly (Uint8Array | null)[],
  labels: readonly number[],
  rest: Partial<Write> = {},
): Uint8Array {
  const schema: Write['schema'] = [
    { name: 'root', num_children: 2 },
    { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
    { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
  ];
  const columnData = [
    { name: 'image', data: pngs.map((bytes, i) => ({ bytes, path: `${i}.png` })) },
    { name: 'label', data: labels.map(BigInt) },
  ];
  const kvMetadata = [{ key: 'huggingface', value: JSON.stringify(features) }];
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, kvMetadata, rowGroupSize: 3, ...rest }));
}

/** Two plain columns. */
function plain(
  pngs: readonly Uint8Array[],
  labels?: readonly number[],
  rest: Partial<Write> = {},
): Uint8Array {
  const columnData: Write['columnData'] = [{ name: 'img', data: [...pngs], type: 'BYTE_ARRAY' }];
  if (labels) columnData.push({ name: 'fine_label', data: [...labels], type: 'INT32' });
  return new Uint8Array(parquetWriteBuffer({ columnData, ...rest }));
}

const directory = (async () => {
  const pngs = await encoded;
  return sharedDirectoryOf({
    'data/train-00000-of-00002.parquet': huggingFace(pngs.slice(0, 5), LABELS.slice(0, 5)),
    'data/train-00001-of-00002.parquet': huggingFace(pngs.slice(5), LABELS.slice(5)),
    'data/test-00000-of-00001.parquet': huggingFace(pngs.slice(2, 4), LABELS.slice(2, 4)),
    'README.md': 'a card',
  });
})();
const expected = { images, imageSize: 7, channels: 3, labels: LABELS, classNames: NAMES };

conform('Hugging Face layout', async () => ({
  config: dataConfig({ kind: 'parquet', path: await directory }),
  expected,
}));

test('the test split', async (t) => {
  const config = dataConfig({ kind: 'parquet', path: await directory, split: 'test' });
  const dataset = await openDataset(config, { home: await directoryOf(t) });
  t.is(dataset.size, 2);
  t.deepEqual([...dataset.labels([0, 1])!], [2, 2]);
});

for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const) {
  test(`binary columns, ${codec}, with and without labels`, async (t) => {
    const compressors = { GZIP: (bytes: Uint8Array) => gzipSync(bytes) };
    const home = await directoryOf(t);
    for (const labels of [LABELS, undefined]) {
      const path = await directoryOf(t, {
        'x.parquet': plain(await encoded, labels, { codec, compressors, rowGroupSize: 2 }),
      });
      const dataset = await openDataset(dataConfig({ kind: 'parquet', path: join(path, 'x.parquet') }), {
        home,
      });
      const out = new Uint8Array(LABELS.length * imageBytes(dataset));
      await dataset.read(
        LABELS.map((_, i) => i),
        out,
      );
      t.true(sameBytes(out, Buffer.concat(images)));
      t.deepEqual(dataset.classNames, labels ? ['0', '1', '2'] : []);
    }
  });
}

test('a broken image and an empty cell are named by row, refused or skipped', async (t) => {
  const pngs: (Uint8Array | null)[] = [...(await encoded)];
  pngs[4] = pngs[4]!.subarray(0, 40);
  const open = async (onBadImage: 'refuse' | 'skip') => {
    const path = await directoryOf(t, { 'x.parquet': huggingFace(pngs, LABELS) });
    return openDataset(dataConfig({ kind: 'parquet', path, onBadImage }), { home: await directoryOf(t) });
  };
  await t.throwsAsync(open('refuse'), { message: /x\.parquet row 4 cannot be decoded/ });
  t.is((await open('skip')).size, 7);
  pngs[1] = null;
  await t.throwsAsync(open('refuse'), {
    message: /x\.parquet row 1 cannot be decoded: the row has only the name of a file, 1\.png/,
  });
});

test('refused: no parquet, cut off, no images in it, no file of the split', async (t) => {
  const open = async (files: Record<string, Uint8Array | string>, split: 'train' | 'test' = 'train') =>
    openDataset(dataConfig({ kind: 'parquet', path: await directoryOf(t, files), split }), {
      home: await directoryOf(t),
    });
  const whole = huggingFace(await encoded, LABELS);
  await t.throwsAsync(open({ 'x.parquet': 'nothing like it' }), {
    message: /x\.parquet is not a readable parquet file/,
  });
  await t.throwsAsync(open({ 'x.parquet': whole.subarray(0, whole.length - 9) }), {
    message: /is not a readable parquet file/,
  });
  const text = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: 'text', data: ['a', 'b'], type: 'STRING' }] }),
  );
  await t.throwsAsync(open({ 'x.parquet': text }), { message: /none of its columns \(text\) is image, img/ });
  await t.throwsAsync(open({ 'a.txt': 'x' }), { message: /holds no images: a \.parquet file is needed/ });
  await t.throwsAsync(open({ 'train-0.parquet': whole }, 'test'), {
    message: /it has no split test .*; it has train\. Set data\.split to train, or to all/,
  });
});

test('class names that do not cover the labels are not used', async (t) => {
  const path = await directoryOf(t, {
    'x.parquet': huggingFace(
      await encoded,
      LABELS.map((label) => label + 1),
    ),
  });
  const dataset = await openDataset(dataConfig({ kind: 'parquet', path }), { home: await directoryOf(t) });
  t.deepEqual(dataset.classNames, ['0', '1', '2', '3']);
});

test('text labels are names of classes, numbered for all splits together; null and -1 are none', async (t) => {
  const pngs = (await encoded).slice(0, 4);
  const labelled = (labels: (string | null)[]) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'image', data: pngs.slice(0, labels.length), type: 'BYTE_ARRAY' },
          { name: 'Label', data: labels, type: 'STRING' },
        ],
      }),
    );
  const path = await directoryOf(t, {
    'train-0.parquet': labelled(['newt', 'cat', null, '-1']),
    'test-0.parquet': labelled(['dog', 'newt']),
  });
  const open = async (split: string) =>
    openDataset(dataConfig({ kind: 'parquet', path, split }), { home: await directoryOf(t) });
  const train = await open('train');
  t.deepEqual(train.classNames, ['cat', 'dog', 'newt']);
  t.deepEqual([...train.labels([0, 1, 2, 3])!], [2, 0, NO_LABEL, NO_LABEL]);
  t.deepEqual(
    train.notes.map(({ code }) => code),
    ['DDPM_NOTE_DATA_TEXT_LABELS'],
  );
  const both = await open('train+test');
  t.is(both.size, 6);
  const test = await open('test');
  t.deepEqual(test.classNames, train.classNames);
  t.deepEqual([...test.labels([0, 1])!], [1, 2]);
});

test('names of files in place of images are told as such', async (t) => {
  const names = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: 'image', data: ['a/1.png', 'a/2.png'], type: 'STRING' }] }),
  );
  const path = await directoryOf(t, { 'x.parquet': names });
  await t.throwsAsync(openDataset(dataConfig({ kind: 'parquet', path }), { home: await directoryOf(t) }), {
    message: /its column image holds text, such as names of files/,
  });
  const struct = await directoryOf(t, { 'x.parquet': huggingFace([null, null], [0, 1]) });
  await t.throwsAsync(
    openDataset(dataConfig({ kind: 'parquet', path: struct, size: 7 }), { home: await directoryOf(t) }),
    { message: /row 0 cannot be decoded: the row has only the name of a file, 0\.png, and no bytes/ },
  );
});

test('configurations beside each other are not mixed', async (t) => {
  const file = plain(await encoded, LABELS);
  const path = await directoryOf(t, { 'a/train-0.parquet': file, 'b/train-0.parquet': file });
  const open = async (where: string) =>
    openDataset(dataConfig({ kind: 'parquet', path: where }), { home: await directoryOf(t) });
  await t.throwsAsync(open(path), { message: /it holds several sets \(a, b\); name the folder of one/ });
  t.is((await open(join(path, 'a'))).size, LABELS.length);
});
