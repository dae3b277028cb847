import { crc32 } from 'node:zlib';
import { ProtocolError } from '../protocolError.js';
import { MAGIC, PROTOCOL_VERSION } from '../version.js';
import { isDtype, type DtypeCode } from './dtype.js';

/** What a data frame is. Values are on the wire: add, never change. Each has its sentence in PROTOCOL.md. */
export const FrameKind = {
  /** One bucket of the gradient sum of a subtree. Worker to coordinator. */
  partial: 1,
  /** (t, loss) of each image of a subtree, in position order. Worker to coordinator. */
  partialImages: 2,
  /** One bucket of the tree's root, before division. Coordinator to workers. */
  root: 3,
  /** (t, loss) of every image of the step, in position order. Coordinator to workers. */
  rootImages: 4,
  /** A chunk of a section of a training state. Both ways. */
  state: 5,
  /** "This is my data plane." The first frame of a worker. */
  attach: 6,
  /** Sent to find out whether the peer is still connected; no answer. */
  probe: 7,
} as const;

export type FrameKindCode = (typeof FrameKind)[keyof typeof FrameKind];

/** The identity of a data frame, and what its payload is. */
export interface FrameHeader {
  readonly kind: FrameKindCode;
  readonly dtype: DtypeCode;
  /** First eight bytes of the run's hash: `runKey`. */
  readonly run: bigint;
  /** partial*: of the STEP_BEGIN that leased the slots; root*: of the coordinator when it sent the frame. */
  readonly generation: number;
  readonly globalStep: number;
  /** Tree node; `state`: level 0, index = section. */
  readonly level: number;
  readonly index: number;
  /** Bucket of the gradient; `state`: chunk of the section. */
  readonly bucket: number;
  /** Elements of the payload. */
  readonly count: number;
  /** `state`: number of the transfer; `attach`: of the connection; else 0. */
  readonly transfer: number;
}

export const HEADER_BYTES = 52;

const KINDS = new Set<number>(Object.values(FrameKind));

/** Little-endian; layout in PROTOCOL.md. */
export function encodeHeader(header: FrameHeader, payloadCrc: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16LE(MAGIC, 0);
  bytes[2] = PROTOCOL_VERSION;
  bytes[3] = header.kind;
  bytes[4] = header.dtype;
  bytes[5] = header.level;
  bytes.writeBigUInt64LE(header.run, 8);
  bytes.writeBigUInt64LE(BigInt(header.globalStep), 16);
  bytes.writeUInt32LE(header.generation, 24);
  bytes.writeUInt32LE(header.index, 28);
  bytes.writeUInt32LE(header.bucket, 32);
  bytes.writeUInt32LE(header.count, 36);
  bytes.writeUInt32LE(header.transfer, 40);
  bytes.writeUInt32LE(payloadCrc, 44);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

/** @throws ProtocolError and nothing else */
export function decodeHeader(frame: Uint8Array): { header: FrameHeader; payloadCrc: number } {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  assertHeader(bytes);
  const kind = bytes[3]!;
  const dtype = bytes[4]!;
  if (!KINDS.has(kind)) throw new ProtocolError('unknownType', `there is no data frame ${kind}`);
  if (!isDtype(dtype)) throw new ProtocolError('dtype', `there is no dtype ${dtype}`);
  const globalStep = bytes.readBigUInt64LE(16);
  if (globalStep > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ProtocolError('header', `globalStep ${globalStep} is too large`);
  const header: FrameHeader = {
    kind: kind as FrameKindCode,
    dtype,
    run: bytes.readBigUInt64LE(8),
    generation: bytes.readUInt32LE(24),
    globalStep: Number(globalStep),
    level: bytes[5]!,
    index: bytes.readUInt32LE(28),
    bucket: bytes.readUInt32LE(32),
    count: bytes.readUInt32LE(36),
    transfer: bytes.readUInt32LE(40),
  };
  return { header, payloadCrc: bytes.readUInt32LE(44) };
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
  if (bytes[6] !== 0 || bytes[7] !== 0) throw new ProtocolError('header', 'reserved bytes are not zero');
}
