import test from 'ava';
import { openDataset } from '../../src/index.js';
import { dataConfig } from '../support/config.js';
import { conform } from '../support/conform.js';
import { locateSynthetic } from '../../src/readers/synthetic.js';

conform('synthetic', async () => {
  const reader = await (await locateSynthetic(16, 3)).open();
  const images: Uint8Array[] = [];
  for (let i = 0; i < reader.count; i++) {
    const record = await reader.read(i);
    if (record.kind === 'pixels') images.push(record.data);
  }
  const { classNames } = reader.labelling!;
  const labels = [...reader.labelling!.labels!];
  return {
    config: dataConfig({ kind: 'synthetic' }),
    expected: { images, imageSize: 16, channels: 3, labels, classNames },
  };
});

test('the same on every machine: its hash is fixed', async (t) => {
  const { hash } = await openDataset(dataConfig({ kind: 'synthetic', size: 8, channels: 1 }));
  t.is(hash, '88268b5e15c28df4a9876d08dcd93b4e3575aea01f236d0c4d8ab34447394593');
});

test('pictures differ, and use the range of values', async (t) => {
  const dataset = await openDataset(dataConfig({ kind: 'synthetic', size: 8, channels: 1 }));
  const all = new Uint8Array(dataset.size * 64);
  await dataset.read(
    Uint32Array.from({ length: dataset.size }, (_, i) => i),
    all,
  );
  const distinct = new Set(
    Array.from({ length: dataset.size }, (_, i) => all.subarray(i * 64, (i + 1) * 64).join()),
  );
  t.true(distinct.size > dataset.size - 5);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  t.true(mean > 110 && mean < 145);
});
