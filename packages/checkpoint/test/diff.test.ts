import test from 'ava';
import { makeLayout } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../src/conformance/sample.js';
import { diffSnapshots } from '../src/index.js';

test('a snapshot does not differ from itself', (t) => {
  const { compared, ...difference } = diffSnapshots(sampleSnapshot(1), sampleSnapshot(1));
  t.deepEqual(difference, { identity: [], tensors: [] });
  t.true(compared > 0);
});

test('step, identity and each tensor that differs are named', (t) => {
  const left = sampleSnapshot(1);
  const right = sampleSnapshot(1);
  right.state.params[0]! += 4096;
  right.state.emas[1]!.values[right.layout.size - 1] = NaN;
  const meta = { ...right.meta, identity: { ...right.meta.identity, 'model.ch': 16, extra: true } };
  const moved = { ...right, state: { ...right.state, globalStep: 2 }, meta };
  const difference = diffSnapshots(left, moved);
  t.deepEqual(difference.globalStep, [1, 2]);
  t.deepEqual(difference.identity, [
    { key: 'model.ch', left: 8, right: 16 },
    { key: 'extra', left: undefined, right: true },
  ]);
  t.deepEqual(difference.tensors, [
    { part: 'params', name: 'conv_in/W', elements: 1, maxAbs: 4096 },
    { part: 'ema-0.9999', name: 'conv_out/W', elements: 1, maxAbs: NaN },
  ]);
});

test('zeros of unlike sign differ, in no distance', (t) => {
  const left = sampleSnapshot(1);
  const right = sampleSnapshot(1);
  left.state.params[0] = 0;
  right.state.params[0] = -0;
  t.deepEqual(diffSnapshots(left, right).tensors, [
    { part: 'params', name: 'conv_in/W', elements: 1, maxAbs: 0 },
  ]);
});

test('tensors that one side lacks, or has in another size, are named without a distance', (t) => {
  const left = sampleSnapshot(1, 'usual', makeLayout([{ name: 'a', shape: [2] }]));
  const right = sampleSnapshot(
    1,
    'usual',
    makeLayout([
      { name: 'a', shape: [3] },
      { name: 'b', shape: [1] },
    ]),
  );
  const params = diffSnapshots(left, right).tensors.filter(({ part }) => part === 'params');
  t.deepEqual(params, [
    { part: 'params', name: 'a' },
    { part: 'params', name: 'b' },
  ]);
});
