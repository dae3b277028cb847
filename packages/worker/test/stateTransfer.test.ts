import test from 'ava';
import type { TrainState } from '@ddpm-fleet/checkpoint';
import { FrameKind, ProtocolError, sectionsOf, STATE_CHUNK, type MessageOf } from '@ddpm-fleet/protocol';
import { decoded } from './frames.js';
import { StateReceiver } from '../src/machine/stateReceiver.js';
import { stateFrames } from '../src/stateTransfer.js';

const numbers = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.1 + seed));
const SIZE = STATE_CHUNK + 5;

const STATE: TrainState = {
  globalStep: 12,
  params: numbers(SIZE, 0),
  optimizer: { m: numbers(7, 1), v: numbers(7, 2) },
  emas: [
    { decay: 0.99, values: numbers(7, 3) },
    { decay: 0.9999, values: numbers(7, 4) },
  ],
  derived: [{ name: 'lossHistory', values: numbers(3, 5) }],
};

const frames = (transfer = 4) =>
  [...stateFrames(STATE, { run: 9n, generation: 2, transfer })].map((parts) =>
    decoded(parts, FrameKind.state),
  );

const announcement = (transfer = 4): MessageOf<'STATE'> => ({
  type: 'STATE',
  transfer,
  globalStep: 12,
  sections: sectionsOf(STATE).sections,
  fingerprint: '00000000000000ff',
});

test('a state comes out as it went in, whatever the order of its frames', (t) => {
  for (const order of [frames(), frames().toReversed()]) {
    const receiver = new StateReceiver(4);
    receiver.announce(announcement());
    for (const frame of order) {
      t.is(receiver.received, undefined);
      receiver.add(frame);
    }
    t.deepEqual(receiver.received, { state: STATE, fingerprint: '00000000000000ff' });
  }
});

test('frames that overtake their announcement wait for it', (t) => {
  const receiver = new StateReceiver(4);
  for (const frame of frames()) receiver.add(frame);
  t.is(receiver.received, undefined);
  receiver.announce(announcement());
  t.deepEqual(receiver.received?.state, STATE);
});

test('repeated frames and those of another transfer do not count', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce(announcement());
  const all = frames();
  for (const frame of [...all.slice(1), ...all.slice(1), ...frames(5)]) receiver.add(frame);
  t.is(receiver.received, undefined);
  receiver.add(all[0]!);
  t.deepEqual(receiver.received?.state, STATE);
});

test('a later announcement begins anew', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce(announcement());
  for (const frame of frames().slice(1)) receiver.add(frame);
  receiver.announce(announcement());
  receiver.add(frames()[0]!);
  t.is(receiver.received, undefined);
});

test('a state without parameters is refused', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce({ ...announcement(), sections: [{ name: 'optimizer.m', count: 0 }] });
  t.throws(() => receiver.received, { instanceOf: ProtocolError });
});
