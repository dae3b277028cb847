import test from 'ava';
import { bucketsOf } from '@ddpm-fleet/core';
import { ProtocolError } from '@ddpm-fleet/protocol';
import { Commits } from '../../src/machine/commits.js';
import { imagesFrame, rootFrame, stepCommit } from './frames.js';

/** Five elements in buckets of two. */
const commits = () => new Commits(bucketsOf(5, 8));
const BUCKETS = [new Float32Array([1, 2]), new Float32Array([3, 4]), new Float32Array([5])];

/** The four parts of a commit, in every order. */
const parts = (step: number, generation = 1) => [
  (c: Commits) => BUCKETS.forEach((values, b) => c.addRoot(rootFrame(step, b, values, generation))),
  (c: Commits) => c.addImages(imagesFrame(step, [7, 8], [0.5, 0.25], generation)),
  (c: Commits) => c.addMessage(stepCommit(step, { generation })),
];

test('a commit is whole when buckets, images and message are there, in any order', (t) => {
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const c = commits();
    for (const [i, part] of order.entries()) {
      t.false(c.isReady(3));
      t.is(c.isCommitted(3), order.slice(0, i).includes(2));
      parts(3)[part]!(c);
    }
    t.true(c.isReady(3));
    const { root, message } = c.take(3)!;
    t.deepEqual(root, {
      sum: new Float32Array([1, 2, 3, 4, 5]),
      t: new Int32Array([7, 8]),
      loss: new Float32Array([0.5, 0.25]),
    });
    t.is(message.globalStep, 3);
    t.is(c.take(3), undefined);
  }
});

test('one missing bucket is one too few, a repeated one none too many', (t) => {
  const c = commits();
  c.addMessage(stepCommit(0));
  c.addImages(imagesFrame(0, [1], [1]));
  for (const b of [0, 2, 2, 0]) c.addRoot(rootFrame(0, b, BUCKETS[b]!));
  t.false(c.isReady(0));
  c.addRoot(rootFrame(0, 1, BUCKETS[1]!));
  t.true(c.isReady(0));
});

test('a skipped step needs no root', (t) => {
  const c = commits();
  c.addRoot(rootFrame(0, 0, BUCKETS[0]!));
  c.addMessage(stepCommit(0, { skipped: true }));
  const commit = c.take(0)!;
  t.true(commit.message.skipped);
  t.is(commit.root, undefined);
});

test('steps are kept until their turn; what is over is dropped and its memory used again', (t) => {
  const c = commits();
  for (const step of [5, 6]) for (const part of parts(step)) part(c);
  const first = c.take(5)!.root!.sum;
  c.recycle(first);
  for (const part of parts(5)) part(c);
  t.false(c.isReady(5), 'step 5 is over');
  for (const part of parts(7)) part(c);
  c.take(6);
  t.is(c.take(7)!.root!.sum, first);
});

test('a welcome drops older steps and older generations, and keeps what overtook it', (t) => {
  const c = commits();
  for (const part of parts(8, 1)) part(c);
  for (const part of parts(4, 2)) part(c);
  for (const part of parts(9, 2)) part(c);
  c.restart(2, 8);
  t.false(c.isReady(4));
  t.false(c.isReady(8));
  t.true(c.isReady(9));
  for (const part of parts(8, 1)) part(c);
  t.false(c.isCommitted(8));
  for (const part of parts(8, 3)) part(c);
  t.true(c.isReady(8));
});

test('an abandoned sum is not mixed with the one that follows it', (t) => {
  const c = commits();
  c.addRoot(rootFrame(0, 0, new Float32Array([9, 9]), 1));
  c.addImages(imagesFrame(0, [1], [1], 1));
  c.addRoot(rootFrame(0, 1, BUCKETS[1]!, 2));
  c.abandon(1, 0);
  c.addRoot(rootFrame(0, 2, BUCKETS[2]!, 1));
  c.addMessage(stepCommit(0, { generation: 2 }));
  c.addImages(imagesFrame(0, [7, 8], [0.5, 0.25], 2));
  c.addRoot(rootFrame(0, 2, BUCKETS[2]!, 3));
  t.false(c.isReady(0), 'bucket 0 came under the abandoned generation only');
  c.addRoot(rootFrame(0, 0, BUCKETS[0]!, 3));
  t.deepEqual(c.take(0)!.root!.sum, new Float32Array([1, 2, 3, 4, 5]));
});

test('frames of another layout are refused', (t) => {
  const c = commits();
  t.throws(() => c.addRoot(rootFrame(0, 3, BUCKETS[0]!)), { instanceOf: ProtocolError });
  t.throws(() => c.addRoot(rootFrame(0, 2, BUCKETS[0]!)), { instanceOf: ProtocolError });
});
