import { crc32 } from 'node:zlib';
import { ProtocolError } from '../protocolError.js';
import { MAGIC, PROTOCOL_VERSION } from '../version.js';
import { isDtype, type DtypeCode } from './dtype.js';
import { formOf, headerOf, wordsOf, type Words } from './forms.js';
import { FrameKind, type FrameHeader } from './header.js';

export const HEADER_BYTES = 52;

/** Kinds whose payload may lie in memory that both ends have mapped. */
const PLACEABLE: readonly number[] = [FrameKind.partial, FrameKind.root];

/** Little-endian; layout in PROTOCOL.md. */
export function encodeHeader(header: FrameHeader, payloadCrc: number, isPlaced = false): Buffer {
  const { dtype, ...words } = wordsOf(header);
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16LE(MAGIC, 0);
  bytes[2] = PROTOCOL_VERSION;
  bytes[3] = header.kind;
  bytes[4] = dtype;
  bytes[5] = words.level;
  bytes[6] = isPlaced ? 1 : 0;
  bytes.writeBigUInt64LE(header.run, 8);
  bytes.writeBigUInt64LE(BigInt(words.globalStep), 16);
  bytes.writeUInt32LE(words.generation, 24);
  bytes.writeUInt32LE(words.index, 28);
  bytes.writeUInt32LE(words.bucket, 32);
  bytes.writeUInt32LE(words.count, 36);
  bytes.writeUInt32LE(words.transfer, 40);
  bytes.writeUInt32LE(payloadCrc, 44);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

export interface DecodedHeader {
  readonly header: FrameHeader;
  readonly dtype: DtypeCode;
  readonly count: number;
  readonly payloadCrc: number;
  /** The payload says where the elements lie. */
  readonly isPlaced: boolean;
}

/** @throws ProtocolError and nothing else */
export function decodeHeader(frame: Uint8Array): DecodedHeader {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  assertHeader(bytes);
  const form = formOf(bytes[3]!);
  const words = readWords(bytes);
  const { dtype, count } = words;
  return {
    header: headerOf(form, bytes.readBigUInt64LE(8), words),
    dtype,
    count,
    payloadCrc: bytes.readUInt32LE(44),
    isPlaced: bytes[6] === 1,
  };
}

function readWords(bytes: Buffer): Words {
  const dtype = bytes[4]!;
  if (!isDtype(dtype)) throw new ProtocolError('dtype', `there is no dtype ${dtype}`);
  const globalStep = bytes.readBigUInt64LE(16);
  if (globalStep > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ProtocolError('header', `globalStep ${globalStep} is too large`);
  return {
    dtype,
    level: bytes[5]!,
    globalStep: Number(globalStep),
    generation: bytes.readUInt32LE(24),
    index: bytes.readUInt32LE(28),
    bucket: bytes.readUInt32LE(32),
    count: bytes.readUInt32LE(36),
    transfer: bytes.readUInt32LE(40),
  };
}

function assertHeader(bytes: Buffer): void {
  if (bytes.length !== HEADER_BYTES) throw new ProtocolError('header', `a header of ${bytes.length} bytes`);
  if (bytes.readUInt16LE(0) !== MAGIC) throw new ProtocolError('magic', 'not a frame of this protocol');
  if (bytes[2] !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      'version',
      `the peer speaks protocol ${bytes[2]}, this is ${PROTOCOL_VERSION}`,
      bytes[2],
    );
  }
  if (crc32(bytes.subarray(0, HEADER_BYTES - 4)) !== bytes.readUInt32LE(HEADER_BYTES - 4)) {
    throw new ProtocolError('checksum', 'the header is damaged');
  }
  const isPlaced = bytes[6] === 1 && PLACEABLE.includes(bytes[3]!);
  if ((bytes[6] !== 0 && !isPlaced) || bytes[7] !== 0)
    throw new ProtocolError('header', 'reserved bytes are not zero');
}
