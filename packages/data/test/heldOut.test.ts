import test from 'ava';
import { openDataset, splitHeldOut } from '../src/index.js';
import { dataConfig } from './support/config.js';

const whole = openDataset(dataConfig({ kind: 'synthetic', size: 4 }));

test('the parts meet and do not overlap; both name the hash of the whole', async (t) => {
  const dataset = await whole;
  const { train, heldOut } = splitHeldOut(dataset, 24);
  t.is(train.size, 1000);
  t.is(heldOut.size, 24);
  t.is(train.hash, dataset.hash);
  t.is(heldOut.hash, dataset.hash);
  const [a, b] = [new Uint8Array(48), new Uint8Array(48)];
  await heldOut.read([0], a);
  await dataset.read([1000], b);
  t.deepEqual(a, b);
  t.deepEqual(heldOut.labels([0, 23]), dataset.labels([1000, 1023]));
});

test('none held out', async (t) => {
  const { train, heldOut } = splitHeldOut(await whole, 0);
  t.is(train.size, 1024);
  t.is(heldOut.size, 0);
});

test('refused when nothing is left to train on', async (t) => {
  const dataset = await whole;
  for (const n of [1024, 2000]) {
    t.throws(() => splitHeldOut(dataset, n), {
      message: new RegExp(`data.heldOut ${n} leaves nothing .* 1024 images`),
    });
  }
});

test('indices outside a part are refused, also by labels', async (t) => {
  const { train, heldOut } = splitHeldOut(await whole, 24);
  await t.throwsAsync(train.read([1000], new Uint8Array(48)), { instanceOf: RangeError });
  t.throws(() => heldOut.labels([24]), { instanceOf: RangeError });
  t.throws(() => heldOut.labels([-1]), { instanceOf: RangeError });
});
