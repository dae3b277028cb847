import test from 'ava';
import type { LeasedNode } from '../../src/machine/leases.js';
import { DeviceWork } from '../../src/shell/deviceWork.js';
import type { Batches, Device, News, SlotImages, SlotsResult } from '../../src/shell/ports.js';

const SHAPE = { numSlots: 4, slotBatchSize: 2 };
const SUM = new Float32Array([1]);

const leased = (level: number, index: number, start: number, end: number): LeasedNode => ({
  ...{ node: { level, index }, start, end },
  generation: 1,
});
const LEFT = leased(1, 0, 0, 2);
const RIGHT = leased(1, 1, 2, 4);

/** Images and a device that answer when they are told to. */
function bench() {
  const news: News[] = [];
  const reads: { range: string; arrive: () => void; fail: (error: Error) => void }[] = [];
  const calls: { images: SlotImages; done: (result: SlotsResult) => void }[] = [];
  const expected: string[] = [];
  let cancels = 0;
  const batches: Batches = {
    take: (position, count) =>
      new Promise((resolve, fail) => {
        const arrive = () =>
          resolve({ position, indices: new Uint32Array(count), images: new Uint8Array(count) });
        reads.push({ range: `${position}+${count}`, arrive, fail });
      }),
    expect: (position, count) => void expected.push(`${position}+${count}`),
    forgetBefore: (position) => void expected.push(`from ${position}`),
  };
  const device = {
    runSlots: (images: SlotImages) =>
      new Promise<SlotsResult>((done) => {
        calls.push({ images, done });
      }),
    cancelSlots: () => void cancels++,
    slotsFinished: 5,
    skip: async () => undefined,
  };
  const work = new DeviceWork(device as unknown as Device, batches, SHAPE, (one) => news.push(one));
  return { news, reads, calls, expected, device, work, cancels: () => cancels };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const done = (sum?: Float32Array): SlotsResult => ({
  ...(sum && { partials: [sum] }),
  ...{ t: new Int32Array(4), loss: new Float32Array(4), computeMs: 2 },
});

test('a node goes to the device while the one before it is computed, and the next step is read ahead', async (t) => {
  const { news, reads, calls, expected, work } = bench();
  work.perform({ type: 'compute', globalStep: 3, nodes: [LEFT, RIGHT] });
  t.deepEqual(
    reads.map(({ range }) => range),
    ['24+4'],
  );
  reads[0]!.arrive();
  await settled();
  t.is(calls.length, 1);
  t.is(reads[1]?.range, '28+4');
  reads[1]!.arrive();
  await settled();
  t.like(calls[1]!.images, { globalStep: 3, start: 2, end: 4, position: 28n });
  t.deepEqual(news, []);
  t.deepEqual(expected, ['from 32', '32+4', '36+4']);
  calls[0]!.done(done(SUM));
  await settled();
  t.like(news[0], { type: 'nodeDone', globalStep: 3, node: LEFT.node, result: { sum: SUM, computeMs: 2 } });
});

test('nodes that are called off before their images are here never reach the device, and are answered', async (t) => {
  const { news, reads, calls, work, cancels } = bench();
  work.perform({ type: 'compute', globalStep: 3, nodes: [LEFT, RIGHT] });
  reads[0]!.arrive();
  await settled();
  work.perform({ type: 'cancel' });
  t.is(cancels(), 1);
  reads[1]!.arrive();
  await settled();
  t.is(calls.length, 1);
  t.like(news[0], { type: 'nodeDone', node: RIGHT.node, result: { sum: undefined } });
  calls[0]!.done(done());
  await settled();
  t.like(news[1], { type: 'nodeDone', node: LEFT.node, result: { sum: undefined } });
  work.perform({ type: 'compute', globalStep: 3, nodes: [LEFT] });
  reads[2]!.arrive();
  await settled();
  t.is(calls.length, 2, 'what is asked for afterwards is computed');
});

test('slots are counted from the first of their step', async (t) => {
  const { work, device, reads } = bench();
  t.deepEqual(work.progress, { globalStep: 0, slots: 5 });
  work.perform({ type: 'compute', globalStep: 3, nodes: [LEFT] });
  device.slotsFinished = 7;
  t.deepEqual(work.progress, { globalStep: 3, slots: 2 });
  work.perform({ type: 'compute', globalStep: 3, nodes: [RIGHT] });
  t.deepEqual(work.progress, { globalStep: 3, slots: 2 });
  work.perform({ type: 'compute', globalStep: 4, nodes: [LEFT] });
  t.deepEqual(work.progress, { globalStep: 4, slots: 0 });
  t.is(reads.length, 3);
});

test('a step that is skipped gives no memory back', async (t) => {
  const { news, work } = bench();
  work.perform({ type: 'apply', root: undefined });
  await settled();
  t.deepEqual(news, [{ type: 'applied', root: undefined, computeMs: 0 }]);
});

test('images that cannot be read are a failure', async (t) => {
  const { news, reads, work } = bench();
  work.perform({ type: 'compute', globalStep: 3, nodes: [LEFT] });
  const error = new Error('no such image');
  reads[0]!.fail(error);
  await settled();
  t.deepEqual(news, [{ type: 'failed', error }]);
});
