import { Compile, type Validator } from 'typebox/compile';
import { ProtocolError } from '../protocolError.js';
import { LIMITS, MAGIC, PROTOCOL_VERSION } from '../version.js';
import { MESSAGES, type ControlMessage, type Direction, type MessageType } from './messages.js';

/** magic u16, version u8, type u8. */
const PREFIX_BYTES = 4;

const TYPES = Object.keys(MESSAGES) as MessageType[];
const byCode = new Map(TYPES.map((type) => [MESSAGES[type].code, type]));
const validators = new Map<MessageType, Validator>();

/** REJECT of any version is read, so that two versions can tell each other why. */
const ANY_VERSION: readonly MessageType[] = ['REJECT'];

/** One frame: prefix, then the fields as JSON. */
export function encodeControl(message: ControlMessage): Buffer {
  const { type, ...fields } = message;
  const body = Buffer.from(JSON.stringify(fields));
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
  frame.writeUInt16LE(MAGIC, 0);
  frame[2] = PROTOCOL_VERSION;
  frame[3] = MESSAGES[type].code;
  body.copy(frame, PREFIX_BYTES);
  return frame;
}

/**
 * Fields that the schema does not name are kept and mean nothing: a newer peer of the same version may send them.
 * @param from the side that sent the frame; a message of the other side is refused
 * @throws ProtocolError and nothing else
 */
export function decodeControl(
  frames: readonly Uint8Array[],
  from: Exclude<Direction, 'both'>,
): ControlMessage {
  if (frames.length !== 1)
    throw new ProtocolError('frames', `a control message is 1 frame, not ${frames.length}`);
  const frame = Buffer.from(frames[0]!.buffer, frames[0]!.byteOffset, frames[0]!.byteLength);
  const type = typeOf(frame);
  const { direction } = MESSAGES[type];
  if (direction !== 'both' && direction !== from)
    throw new ProtocolError('unknownType', `${type} comes from the wrong side`);
  const fields = parse(frame.subarray(PREFIX_BYTES));
  const validator = validatorOf(type);
  if (!validator.Check(fields)) throw new ProtocolError('schema', `${type}${firstError(validator, fields)}`);
  const message = { ...(fields as object), type } as ControlMessage;
  if ('runs' in message && message.runs.some(({ start, end }) => start >= end)) {
    throw new ProtocolError('schema', `${type}.runs has a run without slots`);
  }
  return message;
}

function typeOf(frame: Buffer): MessageType {
  if (frame.length < PREFIX_BYTES)
    throw new ProtocolError('tooShort', `a control message of ${frame.length} bytes`);
  if (frame.length > LIMITS.controlBytes)
    throw new ProtocolError('tooLong', `a control message of ${frame.length} bytes`);
  if (frame.readUInt16LE(0) !== MAGIC) throw new ProtocolError('magic', 'not a message of this protocol');
  const version = frame[2]!;
  const type = byCode.get(frame[3]!);
  if (version !== PROTOCOL_VERSION && !(type && ANY_VERSION.includes(type))) {
    throw new ProtocolError(
      'version',
      `the peer speaks protocol ${version}, this is ${PROTOCOL_VERSION}`,
      version,
    );
  }
  if (!type) throw new ProtocolError('unknownType', `there is no control message ${frame[3]}`);
  return type;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ProtocolError('json', 'the body is not JSON');
  }
}

function validatorOf(type: MessageType): Validator {
  let validator = validators.get(type);
  if (!validator) validators.set(type, (validator = Compile(MESSAGES[type].schema)));
  return validator;
}

function firstError(validator: Validator, value: unknown): string {
  const [error] = validator.Errors(value);
  return error ? `${error.instancePath.replaceAll('/', '.')} ${error.message}` : '';
}
