import test from 'ava';
import { bucketsOf } from '@ddpm-fleet/core';
import { decodeImages, FrameKind, fromWire, StateReceiver, type ControlMessage } from '@ddpm-fleet/protocol';
import { Exchange } from '../../src/shell/exchange.js';
import type { Link } from '../../src/shell/link.js';
import { decoded } from '../machine/frames.js';

const RUN = 3n;
const SUM = Float32Array.from({ length: 7 }, (_, i) => i / 3);
const LEASED = { node: { level: 1, index: 2 }, start: 4, end: 6, generation: 9 };
const IMAGES = { t: new Int32Array([1, 2]), loss: new Float32Array([0.5, 0.75]) };

const SUBTREE = { type: 'sendSum', globalStep: 5, leased: LEASED, sum: SUM, images: IMAGES } as const;

/** Keeps what is sent. */
function recorder() {
  const frames: (readonly Uint8Array[])[] = [];
  const messages: ControlMessage[] = [];
  const flushes: number[] = [];
  const link = {
    send: (message: ControlMessage) => messages.push(message),
    sendFrame: (parts: readonly Uint8Array[]) => frames.push(parts),
    flushData: async () => void flushes.push(frames.length),
  };
  return { frames, messages, flushes, link: link as unknown as Link };
}

test('a partial sum goes out as its image records and every bucket, named by tree node and lease', (t) => {
  const { frames, link } = recorder();
  new Exchange(link, RUN, bucketsOf(7, 12), 'float32').sendSum(SUBTREE);
  const images = decoded(frames[0]!, FrameKind.partialImages);
  const buckets = frames.slice(1).map((parts) => decoded(parts, FrameKind.partial));
  t.like(images.header, {
    run: RUN,
    kind: FrameKind.partialImages,
    globalStep: 5,
    level: 1,
    index: 2,
    generation: 9,
    count: 2,
  });
  t.deepEqual(decodeImages(images.payload), IMAGES);
  t.deepEqual(
    buckets.map(({ header }) => [header.kind, header.bucket, header.count]),
    [
      [FrameKind.partial, 0, 3],
      [FrameKind.partial, 1, 3],
      [FrameKind.partial, 2, 1],
    ],
  );
  const all = buckets.flatMap(({ header, payload }) => [...fromWire(payload, header.dtype)]);
  t.deepEqual(Float32Array.from(all), SUM);
});

test('with wire dtype bfloat16 the payload is half as long', (t) => {
  const { frames, link } = recorder();
  new Exchange(link, RUN, bucketsOf(7, 28), 'bfloat16').sendSum(SUBTREE);
  const { header, payload } = decoded(frames[1]!, FrameKind.partial);
  t.is(payload.byteLength, 14);
  t.true(fromWire(payload, header.dtype).every((x, i) => Math.abs(x - SUM[i]!) < 0.01));
});

test('a state is announced, then sent a few chunks at a time', async (t) => {
  const { frames, messages, flushes, link } = recorder();
  const params = new Float32Array(5 * 2 ** 18 + 1).fill(2);
  const state = { globalStep: 8, params, optimizer: { m: SUM, v: SUM }, emas: [], derived: [] };
  const effect = { type: 'sendState', generation: 2, transfer: 6, state, fingerprint: -1n } as const;
  await new Exchange(link, RUN, bucketsOf(7, 28), 'float32').sendState(effect);
  t.like(messages[0], { type: 'STATE', transfer: 6, globalStep: 8, fingerprint: 'ffffffffffffffff' });
  t.is(frames.length, 8);
  t.deepEqual(flushes, [4, 8]);
  const receiver = new StateReceiver(6);
  receiver.announce(messages[0] as Extract<ControlMessage, { type: 'STATE' }>);
  for (const parts of frames) receiver.add(decoded(parts, FrameKind.state));
  t.deepEqual(receiver.state().params, params);
});
