import test from 'ava';
import {
  decodeFrame,
  Dtype,
  encodeFrame,
  encodeSignal,
  FrameKind,
  fromWire,
  HEADER_BYTES,
  LIMITS,
  ProtocolError,
  runKey,
  toWire,
  type FrameHeader,
  type ProtocolFault,
} from '../../src/index.js';

const RUN = runKey('quickstart');

export const HEADER: FrameHeader = {
  kind: FrameKind.partial,
  dtype: Dtype.float32,
  run: RUN,
  generation: 3,
  globalStep: 2 ** 40 + 5,
  level: 2,
  index: 9,
  bucket: 17,
  count: 4,
  transfer: 0,
};

const VALUES = Float32Array.of(1.5, -0, Infinity, 1e-40);

function faultOf(parts: Uint8Array[], run?: bigint): ProtocolFault | 'none' {
  try {
    decodeFrame(parts, run);
    return 'none';
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.fault;
  }
}

test('a frame comes back as it was, its payload to the bit', (t) => {
  const { header, payload } = decodeFrame(encodeFrame(HEADER, VALUES), RUN);
  t.deepEqual(header, HEADER);
  t.deepEqual(fromWire(payload, header.dtype), VALUES);
});

test('the payload is shared with the sender, not copied', (t) => {
  const [, payload] = encodeFrame(HEADER, VALUES);
  t.is(payload.buffer, VALUES.buffer);
});

test('a payload that does not lie on its boundary is read all the same', (t) => {
  const [head, payload] = encodeFrame(HEADER, VALUES);
  const shifted = new Uint8Array(payload.length + 1);
  shifted.set(payload, 1);
  const frame = decodeFrame([head, shifted.subarray(1)]);
  t.deepEqual(fromWire(frame.payload, Dtype.float32), VALUES);
});

test('bfloat16 halves the bytes and keeps what it can hold', (t) => {
  const values = Float32Array.of(1, -2.5, 0.1);
  const { dtype, payload } = toWire(values, 'bfloat16');
  const frame = decodeFrame(encodeFrame({ ...HEADER, dtype, count: 3 }, payload));
  t.is(frame.payload.length, 6);
  const back = fromWire(frame.payload, dtype);
  t.deepEqual([...back.subarray(0, 2)], [1, -2.5]);
  t.true(Math.abs(back[2]! - 0.1) < 0.001);
});

test('attach and probe have no payload', (t) => {
  const { header, payload } = decodeFrame(encodeSignal(FrameKind.attach, RUN, 5), RUN);
  t.is(header.kind, FrameKind.attach);
  t.is(header.transfer, 5);
  t.is(payload.length, 0);
});

test('each fault has its name', (t) => {
  const [head, payload] = encodeFrame(HEADER, VALUES);
  const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  t.is(faultOf([head]), 'frames');
  t.is(faultOf([head, payload, payload]), 'frames');
  t.is(faultOf([head.subarray(1), payload]), 'header');
  t.is(faultOf([flipped(head, 0), payload]), 'magic');
  t.is(faultOf([flipped(head, 2), payload]), 'version');
  t.is(faultOf([head, flipped(payload, 7)]), 'checksum');
  t.is(faultOf([head, payload.subarray(4)]), 'length');
  t.is(faultOf([head, payload], runKey('another')), 'run');
  t.is(faultOf([head, new Uint8Array(LIMITS.payloadBytes + 1)]), 'tooLong');
  t.is(faultOf(encodeFrame({ ...HEADER, kind: 99 as 1 }, VALUES)), 'unknownType');
  t.is(faultOf(encodeFrame({ ...HEADER, dtype: 77 as 1 }, VALUES)), 'dtype');
  t.is(faultOf(encodeFrame({ ...HEADER, dtype: Dtype.imageRecord, count: 2 }, VALUES)), 'dtype');
});

test('a flipped bit anywhere in the header is found', (t) => {
  const [head, payload] = encodeFrame(HEADER, VALUES);
  for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
    const damaged = Uint8Array.from(head);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    t.not(faultOf([damaged, payload]), 'none', `bit ${bit}`);
  }
});

test('runs are told apart by the first eight bytes of their sha256', (t) => {
  t.is(runKey(''), 0x141cfc9842c4b0e3n);
  t.not(runKey('a'), runKey('b'));
});
