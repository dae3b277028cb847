import test from 'ava';
import { createHash } from 'node:crypto';
import { sampleSnapshot } from '../src/conformance/sample.js';
import { bucketHash, checkpointDigest, digestOfBuckets, gradientDigest } from '../src/index.js';

test('the digest is over the bytes that its definition says, in that order', (t) => {
  const { state, layout } = sampleSnapshot(258);
  const hash = createHash('sha256').update(Buffer.from([2, 1, 0, 0, 0, 0, 0, 0]));
  const tensors = (flat: Float32Array, prefix: string): void => {
    for (const { name, offset, size } of layout.entries) {
      hash.update(`${prefix}${name}\0`);
      for (const value of flat.subarray(offset, offset + size)) {
        const bytes = Buffer.alloc(4);
        bytes.writeFloatLE(value);
        hash.update(bytes);
      }
    }
  };
  tensors(state.params, '');
  tensors(state.optimizer.m, 'm/');
  tensors(state.optimizer.v, 'v/');
  hash.update('lossHistory\0').update(Buffer.from(state.derived[0]!.values.buffer));
  for (const { values } of state.emas) tensors(values, '');
  t.is(checkpointDigest(state, layout), hash.digest('hex'));
});

test('one bit anywhere changes it', (t) => {
  const { state, layout } = sampleSnapshot(1);
  const digests = new Set([checkpointDigest(state, layout)]);
  const buffers = [
    state.params,
    state.optimizer.m,
    state.optimizer.v,
    state.emas[0]!.values,
    state.derived[0]!.values,
  ];
  for (const buffer of buffers) {
    const bits = new Uint32Array(buffer.buffer);
    bits[bits.length - 1]! ^= 1;
    digests.add(checkpointDigest(state, layout));
  }
  digests.add(checkpointDigest({ ...state, globalStep: 2 }, layout));
  t.is(digests.size, buffers.length + 2);
});

test('a state that does not fit its layout, or is out of order, has no digest', (t) => {
  const { state, layout } = sampleSnapshot(1);
  const refused = (wrong: Partial<typeof state>, message: RegExp): void => {
    const error = t.throws(() => checkpointDigest({ ...state, ...wrong }, layout), {
      code: 'DDPM_ERR_CHECKPOINT_STATE',
    });
    t.regex(error.message, message);
  };
  refused({ params: new Float32Array(3) }, /params has 3 elements, the layout/);
  refused({ emas: state.emas.toReversed() }, /EMAs do not ascend/);
  refused({ globalStep: -1 }, /globalStep is -1/);
  refused({ derived: [...state.derived, ...state.derived] }, /derived state does not ascend/);
});

test('the gradient digest is over the hash of each bucket, whoever hashes it', (t) => {
  const { state, layout } = sampleSnapshot(1);
  const root = state.params;
  const bucketBytes = 256;
  const hashes = [];
  for (let at = 0; at < root.length; at += 64) hashes.push(bucketHash(root.subarray(at, at + 64)));
  t.is(hashes.length, Math.ceil(layout.size / 64));
  const byHand = createHash('sha256');
  for (let at = 0; at < root.length; at += 64) {
    byHand.update(
      createHash('sha256')
        .update(Buffer.from(root.slice(at, at + 64).buffer))
        .digest(),
    );
  }
  t.is(gradientDigest(root, layout, bucketBytes), byHand.digest('hex'));
  t.is(digestOfBuckets(hashes), gradientDigest(root, layout, bucketBytes));
});
