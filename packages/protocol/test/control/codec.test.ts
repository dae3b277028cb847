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
