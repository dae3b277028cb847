import test, { type ExecutionContext } from 'ava';
import { bytesOf, bucketsOf } from '@ddpm-fleet/core';
import { SharedMemory, type OwnSegment } from '@ddpm-fleet/engine/segments';
import {
  decodeFrame,
  Dtype,
  encodePlaced,
  FrameKind,
  fromWire,
  isFrame,
  type SegmentMessage,
} from '@ddpm-fleet/protocol';
import { Exchange } from '../../src/shell/exchange.js';
import type { Link } from '../../src/shell/link.js';
import { Sharing } from '../../src/shell/sharing.js';

const SUM = Float32Array.from({ length: 7 }, (_, i) => i / 3);
const shares = process.platform === 'linux' ? test : test.skip;

/** A worker's memory, and what it said. */
async function open(sumBytes = SUM.byteLength) {
  const memory = await SharedMemory.open();
  const said: SegmentMessage[] = [];
  const quiet = (): void => undefined;
  const log = { info: quiet, warn: quiet, error: quiet };
  const sharing = new Sharing({ memory, sumBytes, say: (message) => said.push(message), log });
  const offers = () => said.filter((message) => message.type === 'SEGMENT');
  const mapped = (segment: number) => sharing.take({ type: 'SEGMENT_MAPPED', segment });
  return { memory, sharing, said, offers, mapped };
}

function rootFrame(segment: number, use: number, offset = 0) {
  const at = { run: 1n, generation: 1, globalStep: 3, level: 1, index: 0, bucket: 0 };
  const header = { kind: FrameKind.root, ...at, dtype: Dtype.float32, count: 7 } as const;
  return decodeFrame(encodePlaced(header, { segment, use, offset }));
}

const offerOf = (segment: number, { handle }: OwnSegment) =>
  ({ type: 'SEGMENT', segment, ...handle }) as const;

shares(
  'memory is offered when a sum needs it, used once it is mapped, and again in another step',
  async (t) => {
    const { sharing, offers, mapped } = await open();
    t.is(sharing.areaFor(5), undefined, 'nobody has mapped it yet');
    t.is(sharing.areaFor(5), undefined);
    t.deepEqual(
      offers().map(({ segment }) => segment),
      [1],
      'whoever maps none is offered no more',
    );
    mapped(1);
    const first = sharing.areaFor(5)!;
    t.is(sharing.areaFor(5), undefined, 'it holds the first sum of the step');
    mapped(2);
    t.is(sharing.areaFor(5)!.segment, 2);
    t.is(sharing.areaFor(6), first);
    sharing.offerAgain();
    t.is(sharing.areaFor(7), undefined, 'who listens now may not have mapped it');
    await new Promise((resolve) => setImmediate(resolve));
    t.deepEqual(
      offers().map(({ segment }) => segment),
      [1, 2, 1, 2],
    );
  },
);

shares('a sum that is put into memory is what another process finds there', async (t) => {
  for (const wireDtype of ['float32', 'bfloat16'] as const) {
    const { memory, sharing, said, mapped } = await open(7 * (wireDtype === 'float32' ? 4 : 2));
    const frames: (readonly Uint8Array[])[] = [];
    const link = { sendFrame: (parts: readonly Uint8Array[]) => frames.push(parts) } as unknown as Link;
    const exchange = new Exchange(link, 1n, bucketsOf(7, 12), wireDtype, sharing);
    const leased = { node: { level: 1, index: 2 }, start: 4, end: 6, generation: 9 };
    const images = { t: new Int32Array(2), loss: new Float32Array(2) };
    const effect = { type: 'sendSum', globalStep: 5, leased, sum: SUM, images } as const;
    exchange.sendSum(effect);
    t.true(
      frames.every((parts) => decodeFrame(parts).place === undefined),
      'as long as it is not mapped',
    );
    mapped(1);
    const sent = frames.splice(0).map((parts) => decodeFrame(parts));
    exchange.sendSum(effect);
    const [offer] = said;
    const area = memory.view(offer as Extract<SegmentMessage, { type: 'SEGMENT' }>);
    const placed = frames
      .map((parts) => decodeFrame(parts))
      .filter((frame) => isFrame(frame, FrameKind.partial));
    t.deepEqual(
      placed.map(({ header }) => header),
      sent
        .map(({ header }) => header)
        .filter(({ kind }) => kind === FrameKind.partial) as (typeof placed)[0]['header'][],
    );
    const found = placed.flatMap(({ header, place }) => {
      const bytes = area.slice(
        place!.offset,
        place!.offset + header.count * (wireDtype === 'float32' ? 4 : 2),
      );
      return [...fromWire(bytes, header.dtype)];
    });
    const expected = sent.filter((frame) => isFrame(frame, FrameKind.partial));
    t.deepEqual(
      found,
      expected.flatMap(({ header, payload }) => [...fromWire(payload, header.dtype)]),
    );
  }
});

async function lent(t: ExecutionContext) {
  const opened = await open();
  const root = opened.memory.create(SUM.byteLength);
  root.bytes.set(bytesOf(SUM));
  opened.sharing.take(offerOf(1, root));
  t.deepEqual(opened.said, [{ type: 'SEGMENT_MAPPED', segment: 1 }]);
  opened.said.length = 0;
  return { ...opened, root };
}

shares('a root is read where it lies, and how far it was read is said once for many', async (t) => {
  const { sharing, said } = await lent(t);
  const frame = rootFrame(1, 4);
  const { header, payload } = sharing.resolve(frame)!;
  t.deepEqual(header, frame.header);
  t.deepEqual(fromWire(payload), SUM);
  for (const use of [4, 5, 6]) sharing.read(rootFrame(1, use));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(said, [{ type: 'SEGMENT_READ', use: 6 }]);
  t.is(sharing.resolve(rootFrame(2, 7)), undefined, 'no such segment');
  t.is(sharing.resolve(rootFrame(1, 7, 4)), undefined, 'it ends beyond the segment');
  t.is(sharing.resolve(rootFrame(1, 7, 2 ** 52)), undefined);
});

shares('memory that is out of reach, or of another size, is not mapped', async (t) => {
  const { sharing, said, root, memory } = await lent(t);
  sharing.take({ ...offerOf(2, root), token: '0'.repeat(32) });
  sharing.take(offerOf(3, memory.create(8)));
  t.deepEqual(said, []);
  t.is(sharing.resolve(rootFrame(2, 1)), undefined);
  t.is(sharing.resolve(rootFrame(3, 1)), undefined);
  t.truthy(sharing.resolve(rootFrame(1, 1)));
  sharing.take({ ...offerOf(1, root), pid: 2 ** 30 });
  t.is(sharing.resolve(rootFrame(1, 1)), undefined, 'another coordinator: nothing of the former one is used');
});
