import { sampleAt } from '@ddpm-fleet/core';
import test from 'ava';
import { openDataset, readBatch, splitHeldOut } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { sameBytes } from './support/images.js';

const opened = openDataset(dataConfig({ kind: 'synthetic', size: 4 }));

test('position p shows the sample of the stream, with its label', async (t) => {
  const dataset = await opened;
  const batch = await readBatch(dataset, 7, 1020n, 8);
  const indices = Array.from({ length: 8 }, (_, i) => sampleAt(7, dataset.size, 1020n + BigInt(i)));
  t.deepEqual([...batch.indices], indices);
  t.is(batch.position, 1020n);
  t.deepEqual(batch.labels, dataset.labels(indices));
  const images = new Uint8Array(8 * 48);
  await dataset.read(indices, images);
  t.true(sameBytes(batch.images, images));
});

test('a batch is the batches of its parts, whatever the cut', async (t) => {
  const { train } = splitHeldOut(await opened, 100);
  const whole = await readBatch(train, 0, 920n, 12);
  for (const cut of [1, 4, 11]) {
    const parts = [
      await readBatch(train, 0, 920n, cut),
      await readBatch(train, 0, 920n + BigInt(cut), 12 - cut),
    ];
    t.true(sameBytes(whole.images, Buffer.concat(parts.map(({ images }) => images))));
  }
});

test('an epoch of the training part shows each of its images once and no held-out one', async (t) => {
  const { train } = splitHeldOut(await opened, 100);
  const { indices } = await readBatch(train, 3, BigInt(5 * train.size), train.size);
  t.is(new Set(indices).size, train.size);
  t.is(Math.max(...indices), train.size - 1);
});
