import { crc32 } from 'node:zlib';
import { createHash } from 'node:crypto';
import { bytesOf } from '@ddpm-fleet/core';
import { ProtocolError } from '../protocolError.js';
import { LIMITS } from '../version.js';
import { Dtype, DTYPE_BYTES } from './dtype.js';
import { decodeHeader, encodeHeader, FrameKind, type FrameHeader } from './header.js';

export interface DataFrame {
  readonly header: FrameHeader;
  readonly payload: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** What a payload of each kind may be made of. */
const DTYPES_OF: Readonly<Record<number, readonly number[]>> = {
  [FrameKind.partial]: [Dtype.float32, Dtype.bfloat16],
  [FrameKind.partialImages]: [Dtype.imageRecord],
  [FrameKind.root]: [Dtype.float32, Dtype.bfloat16],
  [FrameKind.rootImages]: [Dtype.imageRecord],
  [FrameKind.state]: [Dtype.float32],
  [FrameKind.attach]: [Dtype.none],
  [FrameKind.probe]: [Dtype.none],
};

/** The `run` field of every data frame of a run: the first eight bytes of sha256(runId), little-endian. */
export function runKey(runId: string): bigint {
  return createHash('sha256').update(runId).digest().readBigUInt64LE(0);
}

/**
 * Two parts, header and payload. The payload's bytes are shared, not copied: they must not change until the peer
 * has acknowledged the step they belong to.
 */
export function encodeFrame(header: FrameHeader, payload: ArrayBufferView): [Uint8Array, Uint8Array] {
  const bytes = bytesOf(payload);
  return [encodeHeader(header, crc32(bytes)), bytes];
}

/**
 * @param run refuses frames of another run; left out, any run is taken
 * @throws ProtocolError and nothing else
 */
export function decodeFrame(parts: readonly Uint8Array[], run?: bigint): DataFrame {
  if (parts.length !== 2) throw new ProtocolError('frames', `a data frame has 2 parts, not ${parts.length}`);
  const [head, payload] = parts as [Uint8Array, Uint8Array];
  const { header, payloadCrc } = decodeHeader(head);
  if (run !== undefined && header.run !== run) throw new ProtocolError('run', 'a frame of another run');
  if (payload.byteLength > LIMITS.payloadBytes)
    throw new ProtocolError('tooLong', `a payload of ${payload.byteLength} bytes`);
  if (!DTYPES_OF[header.kind]!.includes(header.dtype)) {
    throw new ProtocolError('dtype', `frame ${header.kind} cannot hold dtype ${header.dtype}`);
  }
  const expected = header.count * DTYPE_BYTES[header.dtype];
  const fits =
    header.dtype === Dtype.none
      ? header.count === 0 && payload.byteLength === 0
      : payload.byteLength === expected;
  if (!fits)
    throw new ProtocolError(
      'length',
      `a payload of ${payload.byteLength} bytes, the header says ${expected}`,
    );
  if (crc32(payload) !== payloadCrc) throw new ProtocolError('checksum', 'the payload is damaged');
  return { header, payload };
}

/**
 * A frame without payload: `attach` or `probe`.
 * @param connection `attach`: counts the sender's connections of this plane, so that a new one is recognised
 */
export function encodeSignal(
  kind: typeof FrameKind.attach | typeof FrameKind.probe,
  run: bigint,
  connection = 0,
): [Uint8Array, Uint8Array] {
  const zero = {
    generation: 0,
    globalStep: 0,
    level: 0,
    index: 0,
    bucket: 0,
    count: 0,
    transfer: connection,
  };
  return encodeFrame({ kind, dtype: Dtype.none, run, ...zero }, NOTHING);
}
