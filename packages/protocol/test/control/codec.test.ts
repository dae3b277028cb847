import test from 'ava';
import {
  decodeControl,
  encodeControl,
  LIMITS,
  MESSAGES,
  PROTOCOL_VERSION,
  ProtocolError,
  type ControlMessage,
  type MessageType,
  type ProtocolFault,
} from '../../src/index.js';
import { SAMPLES } from './samples.js';

const TYPES = Object.keys(MESSAGES) as MessageType[];

function senderOf(type: MessageType): 'fromWorker' | 'fromCoordinator' {
  const { direction } = MESSAGES[type];
  return direction === 'both' ? 'fromWorker' : direction;
}

function faultOf(
  frames: Uint8Array[],
  from: 'fromWorker' | 'fromCoordinator' = 'fromWorker',
): ProtocolFault | 'none' {
  try {
    decodeControl(frames, from);
    return 'none';
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.fault;
  }
}

/** A frame with this type byte and body. */
function raw(code: number, body: string, version: number = PROTOCOL_VERSION): Buffer {
  return Buffer.concat([Buffer.from([0x44, 0x46, version, code]), Buffer.from(body)]);
}

for (const type of TYPES) {
  test(`${type} comes back as it was`, (t) => {
    const message: ControlMessage = SAMPLES[type];
    t.deepEqual(decodeControl([encodeControl(message)], senderOf(type)), message);
  });
}

test('no code is used twice, and each message has its sentence', (t) => {
  const codes = TYPES.map((type) => MESSAGES[type].code);
  t.is(new Set(codes).size, codes.length);
  for (const type of TYPES) t.regex(MESSAGES[type].sentence, /[.?]$/);
});

test('a message of the other side is refused', (t) => {
  t.is(faultOf([encodeControl(SAMPLES.STEP_BEGIN)], 'fromWorker'), 'unknownType');
  t.is(faultOf([encodeControl(SAMPLES.HELLO)], 'fromCoordinator'), 'unknownType');
  t.is(faultOf([encodeControl(SAMPLES.HEARTBEAT)], 'fromCoordinator'), 'none');
});

test('each fault has its name', (t) => {
  const good = encodeControl(SAMPLES.READY);
  t.is(faultOf([]), 'frames');
  t.is(faultOf([good, good]), 'frames');
  t.is(faultOf([good.subarray(0, 3)]), 'tooShort');
  t.is(faultOf([Buffer.alloc(LIMITS.controlBytes + 1, 0x44)]), 'tooLong');
  t.is(faultOf([Buffer.from('GET / HTTP/1.1')]), 'magic');
  t.is(faultOf([raw(200, '{}')]), 'unknownType');
  t.is(faultOf([raw(3, '{"globalStep":')]), 'json');
  t.is(faultOf([raw(3, '[]')]), 'schema');
  t.is(faultOf([raw(3, 'null')]), 'schema');
  t.is(faultOf([raw(3, '{"globalStep":-1,"fingerprint":null}')]), 'schema');
  t.is(faultOf([raw(3, '{"globalStep":1.5,"fingerprint":null}')]), 'schema');
  t.is(faultOf([raw(3, '{"globalStep":1,"fingerprint":"xyz"}')]), 'schema');
});

test('a run without slots is refused', (t) => {
  const { type: _, ...fields } = SAMPLES.STEP_BEGIN;
  const body = JSON.stringify({ ...fields, runs: [{ start: 3, end: 3 }] });
  t.is(faultOf([raw(36, body)], 'fromCoordinator'), 'schema');
});

test('another version is refused before its body is read, and says which it is', (t) => {
  const error = t.throws(() => decodeControl([raw(3, 'whatever', 9)], 'fromWorker'), {
    instanceOf: ProtocolError,
  });
  t.is(error.fault, 'version');
  t.is(error.peerVersion, 9);
});

test('REJECT of any version is read: with it versions tell each other why', (t) => {
  const body = JSON.stringify({ code: 'version', reason: 'this is protocol 9', more: 1 });
  const message = decodeControl([raw(34, body, 9)], 'fromCoordinator');
  t.like(message, { type: 'REJECT', code: 'version' });
});

test('fields that nobody knows are no fault, and cannot be the type', (t) => {
  const body = JSON.stringify({ ...SAMPLES.READY, type: 'SHUTDOWN', colour: 'red' });
  t.is(decodeControl([raw(3, body)], 'fromWorker').type, 'READY');
});

test('what is valid JSON and poisonous stays data', (t) => {
  const body = '{"globalStep":1,"fingerprint":null,"__proto__":{"polluted":true}}';
  decodeControl([raw(3, body)], 'fromWorker');
  t.is(({} as { polluted?: boolean }).polluted, undefined);
  t.is(faultOf([raw(3, '['.repeat(500_000))]), 'json');
});

const CODES = { CHECKPOINT_WRITTEN: 7, RUN: 32, WELCOME: 33, CHECKPOINT_REQUEST: 39 } as const;

/** The fault of a message whose field is something else. */
function faultWith(type: keyof typeof CODES, field: string, value: unknown): ProtocolFault | 'none' {
  const { type: _, ...fields } = SAMPLES[type];
  return faultOf([raw(CODES[type], JSON.stringify({ ...fields, [field]: value }))], senderOf(type));
}

test('a state source is one of four, with the fields of its own', (t) => {
  const from = (state: unknown) => faultWith('WELCOME', 'state', state);
  const location = '/runs/quickstart/checkpoints';
  t.is(from({ from: 'seed', globalStep: 0 }), 'none');
  t.is(from({ from: 'held', globalStep: 3 }), 'none');
  t.is(from({ from: 'checkpoint', globalStep: 3, location, digest: 'a'.repeat(64) }), 'none');
  t.is(from({ from: 'peer', globalStep: 3, transfer: 1 }), 'none');
  t.is(from({ from: 'seed', globalStep: 3 }), 'schema');
  t.is(from({ from: 'checkpoint', globalStep: 3, location }), 'schema');
  t.is(from({ from: 'checkpoint', globalStep: 3, location, digest: 'a' }), 'schema');
  t.is(from({ from: 'peer', globalStep: 3 }), 'schema');
  t.is(from({ from: 'elsewhere', globalStep: 3 }), 'schema');
  t.is(from({ from: 'held', globalStep: -1 }), 'schema');
});

test('what a writer wrote is checked to the last field, or is a problem', (t) => {
  const { written } = SAMPLES.CHECKPOINT_WRITTEN;
  if ('problem' in written) return t.fail();
  const answer = (value: unknown) => faultWith('CHECKPOINT_WRITTEN', 'written', value);
  const [file] = written.files;
  t.is(answer(written), 'none');
  t.is(answer({ problem: 'the disk is full' }), 'none');
  t.is(answer({}), 'schema');
  t.is(answer({ problem: 7 }), 'schema');
  t.is(answer({ ...written, share: '0' }), 'schema');
  t.is(answer({ ...written, files: [{ ...file, part: 'everything' }] }), 'schema');
  t.is(answer({ ...written, files: [{ ...file, sha256: 'f' }] }), 'schema');
  t.is(answer({ ...written, head: { ...written.head, digest: undefined } }), 'schema');
  const meta = { ...written.head.meta, journalHead: { line: 1 } };
  t.is(answer({ ...written, head: { ...written.head, meta } }), 'schema');
});

test('a ticket, its metadata and a config are objects of their kind', (t) => {
  const { ticket, meta } = SAMPLES.CHECKPOINT_REQUEST;
  t.is(faultWith('CHECKPOINT_REQUEST', 'ticket', { ...ticket, id: 7 }), 'schema');
  t.is(faultWith('CHECKPOINT_REQUEST', 'ticket', {}), 'schema');
  t.is(faultWith('CHECKPOINT_REQUEST', 'meta', { ...meta, losses: null }), 'schema');
  t.is(faultWith('CHECKPOINT_REQUEST', 'meta', { ...meta, identityHash: 'x' }), 'schema');
  t.is(faultWith('RUN', 'config', 'a string'), 'schema');
  t.is(faultWith('RUN', 'config', null), 'schema');
  t.is(faultWith('RUN', 'config', []), 'schema');
});
