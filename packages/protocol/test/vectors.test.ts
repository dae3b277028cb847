import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import {
  decodeControl,
  decodeFrame,
  Dtype,
  encodeControl,
  encodeFrame,
  encodeImages,
  encodePlaced,
  FrameKind,
  MESSAGES,
  runKey,
  toWire,
  type MessageType,
  type PartialHeader,
} from '../src/index.js';
import { SAMPLES } from './control/samples.js';

/**
 * Bytes of every message as version 1 has them. A change of a vector is a change of the protocol: it needs a new
 * version. `--rewrite` writes the files that are missing.
 */
const FOLDER = new URL('../../test/vectors/', import.meta.url);
const REWRITE = process.argv.includes('--rewrite');
const TYPES = Object.keys(MESSAGES) as MessageType[];

const NODE = {
  run: runKey('quickstart'),
  generation: 3,
  globalStep: 12,
  level: 2,
  index: 1,
};
const GRADIENT = Float32Array.of(0, 1, -1.5, Math.PI);
const BFLOAT16 = toWire(GRADIENT, 'bfloat16');
const IMAGES = encodeImages({ t: Int32Array.of(0, 999), loss: Float32Array.of(0.25, 1) });

const PLACE = { segment: 2, use: 0, offset: 80 };
const ROOT = { ...NODE, level: 3, index: 0 };
const { run, generation, globalStep } = NODE;

const FRAMES: Record<string, Uint8Array[]> = {
  partial: encodeFrame(
    { kind: FrameKind.partial, dtype: Dtype.float32, count: 4, ...NODE, bucket: 5 },
    GRADIENT,
  ),
  'partial-bfloat16': encodeFrame(
    { kind: FrameKind.partial, dtype: BFLOAT16.dtype, count: 4, ...NODE, bucket: 5 },
    BFLOAT16.payload,
  ),
  partialImages: encodeFrame({ kind: FrameKind.partialImages, count: 2, ...NODE }, IMAGES),
  root: encodeFrame({ kind: FrameKind.root, dtype: Dtype.float32, count: 4, ...ROOT, bucket: 5 }, GRADIENT),
  rootImages: encodeFrame({ kind: FrameKind.rootImages, count: 2, ...ROOT }, IMAGES),
  state: encodeFrame(
    { kind: FrameKind.state, run, generation, globalStep, count: 4, section: 1, chunk: 5, transfer: 7 },
    GRADIENT,
  ),
  'partial-placed': encodePlaced(
    { kind: FrameKind.partial, dtype: Dtype.float32, count: 4, ...NODE, bucket: 5 },
    PLACE,
  ),
  'root-placed': encodePlaced(
    { kind: FrameKind.root, dtype: Dtype.float32, count: 4, ...ROOT, bucket: 5 },
    { ...PLACE, use: 9 },
  ),
  attach: encodeFrame({ kind: FrameKind.attach, run, connection: 2 }),
  probe: encodeFrame({ kind: FrameKind.probe, run }),
};

function pinned(name: string, bytes: Uint8Array): Buffer {
  const file = new URL(name, FOLDER);
  if (REWRITE && !existsSync(file)) writeFileSync(file, bytes);
  return readFileSync(file);
}

for (const type of TYPES) {
  test(`the bytes of ${type}`, (t) => {
    const bytes = encodeControl(SAMPLES[type]);
    const vector = pinned(`${type}.bin`, bytes);
    t.deepEqual(vector, bytes);
    const { direction } = MESSAGES[type];
    t.deepEqual(decodeControl([vector], direction === 'both' ? 'fromWorker' : direction), SAMPLES[type]);
  });
}

for (const [name, parts] of Object.entries(FRAMES)) {
  test(`the bytes of frame ${name}`, (t) => {
    const vector = pinned(`frame-${name}.bin`, Buffer.concat(parts));
    t.deepEqual(vector, Buffer.concat(parts));
    const frame = decodeFrame([vector.subarray(0, 52), vector.subarray(52)]);
    const payload = frame.place ? encodePlaced(frame.header as PartialHeader, frame.place)[1] : frame.payload;
    t.deepEqual(Buffer.from(payload), Buffer.from(parts[1]!));
  });
}
