import test from 'ava';
import type { TrainState } from '@ddpm-fleet/core';
import {
  chunksOf,
  chunkSpan,
  decodeFrame,
  fingerprintText,
  FrameKind,
  framesOf,
  isFrame,
  ProtocolError,
  STATE_CHUNK,
  stateFrames,
  stateMessage,
  StateReceiver,
  type DataFrame,
  type MessageOf,
  type StateHeader,
} from '../../src/index.js';

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

const frames = (transfer = 4): DataFrame<StateHeader>[] =>
  [...stateFrames(STATE, { run: 9n, generation: 2, transfer })]
    .map((parts) => decodeFrame(parts, 9n))
    .filter((frame) => isFrame(frame, FrameKind.state));

const announcement = (transfer = 4): MessageOf<'STATE'> => stateMessage(STATE, transfer, '00000000000000ff');

test('a state comes out as it went in, whatever the order of its frames', (t) => {
  for (const order of [frames(), frames().toReversed()]) {
    const receiver = new StateReceiver(4);
    receiver.announce(announcement());
    for (const frame of order) {
      t.false(receiver.isWhole);
      receiver.add(frame);
    }
    t.deepEqual(receiver.state(), STATE);
    t.is(receiver.announcement?.fingerprint, '00000000000000ff');
  }
});

test('frames that overtake their announcement wait for it', (t) => {
  const receiver = new StateReceiver(4);
  for (const frame of frames()) receiver.add(frame);
  t.false(receiver.isWhole);
  receiver.announce(announcement());
  t.deepEqual(receiver.state(), STATE);
});

test('repeated frames and those of another transfer do not count', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce(announcement());
  const all = frames();
  for (const frame of [...all.slice(1), ...all.slice(1), ...frames(5)]) receiver.add(frame);
  t.false(receiver.isWhole);
  receiver.add(all[0]!);
  t.deepEqual(receiver.state(), STATE);
});

test('a later announcement begins anew', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce(announcement());
  for (const frame of frames().slice(1)) receiver.add(frame);
  receiver.announce(announcement());
  receiver.add(frames()[0]!);
  t.false(receiver.isWhole);
});

test('a state without parameters is refused', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce({ ...announcement(), sections: [{ name: 'optimizer.m', count: 0 }] });
  t.true(receiver.isWhole);
  t.throws(() => receiver.state(), { instanceOf: ProtocolError, message: /no section params/ });
});

test('a state that is not whole is not given out', (t) => {
  const receiver = new StateReceiver(4);
  t.throws(() => receiver.state(), { instanceOf: ProtocolError });
  receiver.announce(announcement());
  t.throws(() => receiver.state(), { instanceOf: ProtocolError, message: /not whole/ });
});

test('sections that are none, or come twice, are refused', (t) => {
  for (const name of ['colour', 'ema-x', 'params']) {
    const { sections, ...rest } = announcement();
    const receiver = new StateReceiver(4);
    receiver.announce({ ...rest, sections: [...sections, { name, count: 0 }] });
    for (const frame of frames()) receiver.add(frame);
    t.throws(() => receiver.state(), { instanceOf: ProtocolError }, name);
  }
});

test('chunks that are of another step, another size or past the end do not count', (t) => {
  const receiver = new StateReceiver(4);
  receiver.announce(announcement());
  const [first] = frames();
  const stray = [{ globalStep: 11 }, { section: 99 }, { chunk: 2 }, { chunk: 1 }];
  for (const header of stray) receiver.add({ ...first!, header: { ...first!.header, ...header } });
  for (const frame of frames().slice(1)) receiver.add(frame);
  t.false(receiver.isWhole);
  receiver.add(first!);
  t.deepEqual(receiver.state(), STATE);
});

test('the receiver puts sections where it is told to', (t) => {
  const memory: SharedArrayBuffer[] = [];
  const receiver = new StateReceiver(4, (count) => {
    memory.push(new SharedArrayBuffer(4 * count));
    return new Float32Array(memory.at(-1)!);
  });
  receiver.announce(announcement());
  for (const frame of frames()) receiver.add(frame);
  t.is(memory.length, 6);
  t.is(receiver.state().params.buffer as unknown, memory[0]);
});

test('frames are as many as were announced, and share the memory of the state', (t) => {
  const sent = [...stateFrames(STATE, { run: 9n, generation: 2, transfer: 4 })];
  t.is(sent.length, framesOf(announcement().sections));
  t.is(sent[0]![1].buffer, STATE.params.buffer);
});

test('chunks cover a section exactly once', (t) => {
  for (const count of [0, 1, STATE_CHUNK, STATE_CHUNK + 1, 3 * STATE_CHUNK - 1]) {
    const section = { name: 'params', count };
    let at = 0;
    for (let chunk = 0; chunk < chunksOf(section); chunk++) {
      const { start, end } = chunkSpan(section, chunk);
      t.is(start, at);
      t.true(end > start && end - start <= STATE_CHUNK);
      at = end;
    }
    t.is(at, count);
  }
});

test('fingerprints are spelled as 64 bits, signed or not', (t) => {
  t.is(fingerprintText(0n), '0000000000000000');
  t.is(fingerprintText(-1n), 'ffffffffffffffff');
  t.is(fingerprintText(-1n), fingerprintText(2n ** 64n - 1n));
});
