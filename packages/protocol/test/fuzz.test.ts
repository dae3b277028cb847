import test, { type ExecutionContext } from 'ava';
import { philoxFill } from '@ddpm-fleet/core';
import {
  decodeControl,
  decodeFrame,
  Dtype,
  encodeControl,
  encodeFrame,
  FrameKind,
  MESSAGES,
  ProtocolError,
  runKey,
  type MessageType,
} from '../src/index.js';
import { SAMPLES } from './control/samples.js';

/** `npm run test:attacks` asks for a million. */
const CASES = Number(process.env.DDPM_FLEET_FUZZ_CASES ?? 20_000);

/** A stream of words from a seed, so that a case that fails can be had again. */
function words(seed: number): () => number {
  const block = new Uint32Array(1024);
  let at = 0;
  return () => {
    if (at % block.length === 0) philoxFill({ seed, purpose: 0xf122, counter: BigInt(at) }, block);
    return block[at++ % block.length]!;
  };
}

/** A few bytes changed, cut off, put in or put twice. */
function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  let out = Buffer.from(bytes);
  for (let i = 0; i <= next() % 4; i++) {
    const at = next() % (out.length + 1);
    const kind = next() % 4;
    if (kind === 0 && out.length > 0) out[at % out.length] = next() & 0xff;
    if (kind === 1) out = Buffer.from(out.subarray(0, at));
    if (kind === 2) out = Buffer.concat([out.subarray(0, at), Buffer.of(next() & 0xff), out.subarray(at)]);
    if (kind === 3) out = Buffer.concat([out.subarray(0, at), out]);
  }
  return out;
}

/** Decodes; anything but a value or a ProtocolError fails the test. Returns whether it was refused. */
function refuses(t: ExecutionContext, decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch (error) {
    if (!(error instanceof ProtocolError)) t.fail(`threw ${String(error)}`);
    return true;
  }
}

test('whatever a control decoder is given, it gives a message or a ProtocolError', (t) => {
  const next = words(1);
  const types = Object.keys(MESSAGES) as MessageType[];
  let refused = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = mutate(encodeControl(SAMPLES[types[next() % types.length]!]), next);
    if (refuses(t, () => decodeControl([bytes], next() % 2 ? 'fromWorker' : 'fromCoordinator'))) refused++;
  }
  t.true(refused > CASES / 2 && refused < CASES);
});

test('whatever a frame decoder is given, it gives a frame or a ProtocolError, and no damage passes', (t) => {
  const next = words(2);
  const at = {
    run: runKey('fuzz'),
    generation: 1,
    globalStep: 2,
    level: 0,
    index: 0,
    bucket: 0,
  };
  const [head, payload] = encodeFrame(
    { kind: FrameKind.root, dtype: Dtype.float32, count: 8, ...at },
    Float32Array.from({ length: 8 }, (_, i) => i),
  );
  for (let i = 0; i < CASES; i++) {
    const parts = next() % 2 ? [mutate(head, next), payload] : [head, mutate(payload, next)];
    const same = Buffer.compare(Buffer.concat(parts), Buffer.concat([head, payload])) === 0;
    t.is(
      refuses(t, () => decodeFrame(parts)),
      !same,
    );
  }
});
