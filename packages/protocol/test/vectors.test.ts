import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import {
  decodeControl,
  decodeFrame,
  Dtype,
  encodeControl,
  encodeFrame,
  encodeImages,
  encodeSignal,
  FrameKind,
  MESSAGES,
  runKey,
  toWire,
  type MessageType,
} from '../src/index.js';
import { SAMPLES } from './control/samples.js';

/**
 * Bytes of every message as version 1 has them. A change of a vector is a change of the protocol: it needs a new
 * version. `--rewrite` writes the files that are missing.
 */
const FOLDER = new URL('../../test/vectors/', import.meta.url);
const REWRITE = process.argv.includes('--rewrite');
const TYPES = Object.keys(MESSAGES) as MessageType[];

const AT = {
  run: runKey('quickstart'),
  generation: 3,
  globalStep: 12,
  level: 2,
  index: 1,
  bucket: 5,
  transfer: 0,
};
const GRADIENT = Float32Array.of(0, 1, -1.5, Math.PI);
const BFLOAT16 = toWire(GRADIENT, 'bfloat16');
const IMAGES = encodeImages({ t: Int32Array.of(0, 999), loss: Float32Array.of(0.25, 1) });

const FRAMES: Record<string, Uint8Array[]> = {
  partial: encodeFrame({ kind: FrameKind.partial, dtype: Dtype.float32, count: 4, ...AT }, GRADIENT),
  'partial-bfloat16': encodeFrame(
    { kind: FrameKind.partial, dtype: BFLOAT16.dtype, count: 4, ...AT },
    BFLOAT16.payload,
  ),
  partialImages: encodeFrame(
    { kind: FrameKind.partialImages, dtype: Dtype.imageRecord, count: 2, ...AT, bucket: 0 },
    IMAGES,
  ),
  root: encodeFrame(
    { kind: FrameKind.root, dtype: Dtype.float32, count: 4, ...AT, level: 3, index: 0 },
    GRADIENT,
  ),
  rootImages: encodeFrame(
    { kind: FrameKind.rootImages, dtype: Dtype.imageRecord, count: 2, ...AT, level: 3, index: 0, bucket: 0 },
    IMAGES,
  ),
  state: encodeFrame(
    { kind: FrameKind.state, dtype: Dtype.float32, count: 4, ...AT, level: 0, transfer: 7 },
    GRADIENT,
  ),
  attach: encodeSignal(FrameKind.attach, runKey('quickstart'), 2),
  probe: encodeSignal(FrameKind.probe, runKey('quickstart')),
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
    t.deepEqual(Buffer.from(frame.payload), Buffer.from(parts[1]!));
  });
}
