import { crc32 } from 'node:zlib';
import test from 'ava';
import {
  decodeFrame,
  Dtype,
  encodeFrame,
  encodeImages,
  FrameKind,
  fromWire,
  HEADER_BYTES,
  LIMITS,
  ProtocolError,
  runKey,
  STATE_CHUNK,
  toWire,
  type FrameHeader,
  type PartialHeader,
  type ProtocolFault,
} from '../../src/index.js';

const RUN = runKey('quickstart');

const HEADER: PartialHeader = {
  kind: FrameKind.partial,
  dtype: Dtype.float32,
  run: RUN,
  generation: 3,
  globalStep: 2 ** 40 + 5,
  level: 2,
  index: 9,
  bucket: 17,
  count: 4,
};

const VALUES = Float32Array.of(1.5, -0, Infinity, 1e-40);

/** A header with another byte at one place, and a checksum that says so. */
function changed(head: Uint8Array, at: number, byte: number): Buffer {
  const bytes = Buffer.from(head);
  bytes[at] = byte;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

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
  t.deepEqual(fromWire(payload, HEADER.dtype), VALUES);
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
  const { header, payload } = decodeFrame(
    encodeFrame({ kind: FrameKind.attach, run: RUN, connection: 5 }),
    RUN,
  );
  t.deepEqual(header, { kind: FrameKind.attach, run: RUN, connection: 5 });
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
  t.is(faultOf([changed(head, 3, 99), payload]), 'unknownType');
  t.is(faultOf([changed(head, 4, 77), payload]), 'dtype');
  t.is(faultOf([changed(head, 4, Dtype.imageRecord), payload]), 'dtype');
});

/** Where each number of a header lies (PROTOCOL.md). */
const AT = { level: 5, globalStep: 16, generation: 24, index: 28, bucket: 32, count: 36, transfer: 40 };
const NOTHING = new Uint8Array(0);

test('a number that means nothing in a kind must be 0', (t) => {
  const of = { run: RUN, generation: 3, globalStep: 7, count: 4 };
  const node = { level: 0, index: 1 };
  const sum = { ...of, ...node, dtype: Dtype.float32, bucket: 2 };
  const records = encodeImages({ t: new Int32Array(4), loss: new Float32Array(4) });
  const kinds: [FrameHeader, ArrayBufferView, (keyof typeof AT)[]][] = [
    [{ kind: FrameKind.partial, ...sum }, VALUES, ['transfer']],
    [{ kind: FrameKind.root, ...sum }, VALUES, ['transfer']],
    [{ kind: FrameKind.partialImages, ...of, ...node }, records, ['bucket', 'transfer']],
    [{ kind: FrameKind.rootImages, ...of, ...node }, records, ['bucket', 'transfer']],
    [{ kind: FrameKind.state, ...of, section: 1, chunk: 0, transfer: 5 }, VALUES, ['level']],
    [
      { kind: FrameKind.attach, run: RUN, connection: 1 },
      NOTHING,
      ['level', 'globalStep', 'index', 'bucket'],
    ],
    [{ kind: FrameKind.probe, run: RUN }, NOTHING, ['generation', 'transfer']],
  ];
  for (const [header, values, unused] of kinds) {
    const [head, payload] = encodeFrame(header, values);
    t.deepEqual(decodeFrame([head, payload]).header, header);
    for (const name of unused)
      t.is(faultOf([changed(head, AT[name], 1), payload]), 'header', `${header.kind} ${name}`);
  }
});

test('a payload without elements, and a chunk that is too long, are refused', (t) => {
  t.is(faultOf(encodeFrame({ ...HEADER, count: 0 }, NOTHING)), 'length');
  const long = new Float32Array(STATE_CHUNK + 1);
  const state = { run: RUN, generation: 0, globalStep: 0, section: 0, chunk: 0, transfer: 1 };
  t.is(faultOf(encodeFrame({ kind: FrameKind.state, count: long.length, ...state }, long)), 'length');
  const [head] = encodeFrame({ kind: FrameKind.attach, run: RUN, connection: 1 });
  t.is(faultOf([changed(head, AT.count, 1), NOTHING]), 'length');
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
