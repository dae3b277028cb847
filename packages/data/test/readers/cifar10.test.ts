import { join } from 'node:path';
import test from 'ava';
import { openDataset } from '../../src/index.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { directoryOf, sharedDirectoryOf } from '../support/files.js';
import { picture } from '../support/images.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const IMAGES = Array.from({ length: 12 }, (_, i) => picture(i, 32));
const LABELS = IMAGES.map((_, i) => (i * 7) % 10);

/** A label byte, then the red, green and blue planes. */
function record(index: number): Buffer {
  const image = IMAGES[index]!;
  const planes = [0, 1, 2].map((c) => Uint8Array.from({ length: 1024 }, (_, i) => image[i * 3 + c]!));
  return Buffer.concat([Uint8Array.of(LABELS[index]!), ...planes]);
}

const batch = (...indices: number[]) => Buffer.concat(indices.map(record));
const FILES = {
  'data_batch_1.bin': batch(0, 1, 2),
  'data_batch_2.bin': batch(3),
  'data_batch_3.bin': batch(4, 5),
  'data_batch_4.bin': batch(6),
  'data_batch_5.bin': batch(7, 8, 9),
  'test_batch.bin': batch(10, 11, 10, 11),
};
const directory = sharedDirectoryOf(FILES);

conform('train', async () => ({
  config: dataConfig({ kind: 'cifar10', path: await directory }),
  expected: {
    images: IMAGES.slice(0, 10),
    imageSize: 32,
    channels: 3,
    labels: LABELS.slice(0, 10),
    classNames: CLASSES,
  },
}));

test('the directory above, the test split and a single file', async (t) => {
  const home = await directoryOf(t);
  const above = await directoryOf(t, { 'cifar-10-batches-bin/test_batch.bin': FILES['test_batch.bin'] });
  const split = await openDataset(dataConfig({ kind: 'cifar10', path: above, split: 'test' }), { home });
  const single = await openDataset(
    dataConfig({ kind: 'cifar10', path: join(await directory, 'test_batch.bin') }),
    { home },
  );
  t.is(split.size, 4);
  t.is(split.hash, single.hash);
});

test('refused: a batch is missing, truncated, empty, or has a label that does not exist', async (t) => {
  const home = await directoryOf(t);
  const open = async (files: Record<string, Uint8Array>) =>
    openDataset(dataConfig({ kind: 'cifar10', path: await directoryOf(t, files) }), { home });
  const { 'data_batch_3.bin': _, ...without } = FILES;
  await t.throwsAsync(open(without), { message: /holds no images: data_batch_3\.bin is needed there/ });
  await t.throwsAsync(open({ ...FILES, 'data_batch_2.bin': batch(0, 1).subarray(0, 5000) }), {
    message: /data_batch_2\.bin is truncated: 6146 bytes expected, 5000 found/,
  });
  await t.throwsAsync(open({ ...FILES, 'data_batch_5.bin': new Uint8Array(0) }), {
    message: /holds no images/,
  });
  const wrong = batch(0, 1);
  wrong[3073] = 10;
  await t.throwsAsync(open({ ...FILES, 'data_batch_2.bin': wrong }), {
    message: /data_batch_2\.bin image 1 has label 10, but labels are 0 to 9/,
  });
});
