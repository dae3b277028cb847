import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { openDataset, Prefetch, readBatch, type Dataset } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { sameBytes } from './support/images.js';

const opened = openDataset(dataConfig({ kind: 'synthetic', size: 4 }));
const IMAGE_BYTES = 48;

/** The real data set, with its reads counted and held until they are let go. */
async function gated() {
  const dataset = await opened;
  const reads: { count: number; letGo: () => void }[] = [];
  const held: Dataset = {
    ...dataset,
    async read(indices, out) {
      await new Promise<void>((resolve) => reads.push({ count: indices.length, letGo: resolve }));
      await dataset.read(indices, out);
    },
  };
  return { held, reads };
}

test('what was expected is handed out as readBatch would', async (t) => {
  const dataset = await opened;
  const prefetch = new Prefetch(dataset, { seed: 5 });
  prefetch.expect(10n, 4);
  prefetch.expect(14n, 3);
  for (const [position, count] of [
    [14n, 3],
    [10n, 4],
    [99n, 2],
  ] as const) {
    const [got, wanted] = [
      await prefetch.take(position, count),
      await readBatch(dataset, 5, position, count),
    ];
    t.true(sameBytes(got.images, wanted.images));
    t.deepEqual(got.indices, wanted.indices);
    t.deepEqual(got.labels, wanted.labels);
  }
});

test('reading begins when a range is expected, and within the bound', async (t) => {
  const { held, reads } = await gated();
  const prefetch = new Prefetch(held, { seed: 0, maxBytes: 10 * IMAGE_BYTES });
  for (let i = 0n; i < 5n; i++) prefetch.expect(4n * i, 4);
  t.is(reads.length, 2, 'a third range would pass the bound');
  t.is(prefetch.bytesHeld, 8 * IMAGE_BYTES);
  for (const { letGo } of reads) letGo();
  await setTimeout(10);
  t.is(reads.length, 2, 'read but not taken still counts');
  await prefetch.take(0n, 4);
  t.is(reads.length, 3);
  t.is(prefetch.bytesHeld, 8 * IMAGE_BYTES);
});

test('a bound below one range still reads one range', async (t) => {
  const { held, reads } = await gated();
  const prefetch = new Prefetch(held, { seed: 0, maxBytes: 1 });
  prefetch.expect(0n, 4);
  prefetch.expect(4n, 4);
  t.is(reads.length, 1);
});

test('a range that the bound held back is read when it is taken', async (t) => {
  const prefetch = new Prefetch(await opened, { seed: 0, maxBytes: 1 });
  prefetch.expect(0n, 4);
  prefetch.expect(4n, 4);
  t.is((await prefetch.take(4n, 4)).images.length, 4 * IMAGE_BYTES);
  t.is((await prefetch.take(0n, 4)).images.length, 4 * IMAGE_BYTES);
  t.is(prefetch.bytesHeld, 0);
});

test('expected twice is read once; taken twice is read twice', async (t) => {
  const { held, reads } = await gated();
  const prefetch = new Prefetch(held, { seed: 0 });
  prefetch.expect(0n, 4);
  prefetch.expect(0n, 4);
  t.is(reads.length, 1);
  const batches = [prefetch.take(0n, 4), prefetch.take(0n, 4)];
  t.is(reads.length, 2);
  for (const { letGo } of reads) letGo();
  const [first, second] = await Promise.all(batches);
  t.not(first, second);
});

test('what is over is forgotten and makes room', async (t) => {
  const { held, reads } = await gated();
  const prefetch = new Prefetch(held, { seed: 0, maxBytes: 8 * IMAGE_BYTES });
  for (let i = 0n; i < 4n; i++) prefetch.expect(4n * i, 4);
  t.is(reads.length, 2);
  prefetch.forgetBefore(8n);
  t.is(reads.length, 4);
  prefetch.clear();
  t.is(prefetch.bytesHeld, 0);
});

test('a read that fails is told to the taker and nobody else', async (t) => {
  const dataset = await opened;
  const broken: Dataset = { ...dataset, read: () => Promise.reject(new Error('disk')) };
  const prefetch = new Prefetch(broken, { seed: 0 });
  prefetch.expect(0n, 4);
  await setTimeout(10);
  await t.throwsAsync(prefetch.take(0n, 4), { message: 'disk' });
});
