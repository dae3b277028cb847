import { crc32 } from 'node:zlib';
import { createHash } from 'node:crypto';
import { bytesOf } from '@ddpm-fleet/core';
import { ProtocolError } from '../protocolError.js';
import { LIMITS } from '../version.js';
import { DTYPE_BYTES } from './dtype.js';
import { decodePlace, encodePlace, PLACE_BYTES, type Place } from './place.js';
import type { FrameHeader, FrameKindCode, HeaderOf, PartialHeader, RootHeader } from './header.js';
import { decodeHeader, encodeHeader } from './headerCodec.js';

/** A data frame, of one kind or of any. */
export interface DataFrame<H extends FrameHeader = FrameHeader> {
  readonly header: H;
  /** Empty where it is placed. */
  readonly payload: Uint8Array;
  readonly place?: Place;
}

const NOTHING = new Uint8Array(0);

/** The `run` field of every data frame of a run: the first eight bytes of sha256(runId), little-endian. */
export function runKey(runId: string): bigint {
  return createHash('sha256').update(runId).digest().readBigUInt64LE(0);
}

/**
 * Two parts, header and payload. The payload's bytes are shared, not copied: they must not change until the peer
 * has acknowledged the step they belong to.
 * @param payload left out where the kind has none (`attach`, `probe`)
 */
export function encodeFrame(
  header: FrameHeader,
  payload: ArrayBufferView = NOTHING,
): [Uint8Array, Uint8Array] {
  const bytes = bytesOf(payload);
  return [encodeHeader(header, crc32(bytes)), bytes];
}

/** A frame whose payload lies in memory that both ends have mapped, and is there when this is sent. */
export function encodePlaced(header: PartialHeader | RootHeader, place: Place): [Uint8Array, Uint8Array] {
  const bytes = encodePlace(place);
  return [encodeHeader(header, crc32(bytes), true), bytes];
}

/**
 * The header has the fields of its kind, and its numbers are possible for it.
 * @param run refuses frames of another run; left out, any run is taken
 * @throws ProtocolError and nothing else
 */
export function decodeFrame(parts: readonly Uint8Array[], run?: bigint): DataFrame {
  if (parts.length !== 2) throw new ProtocolError('frames', `a data frame has 2 parts, not ${parts.length}`);
  const [head, payload] = parts as [Uint8Array, Uint8Array];
  const { header, dtype, count, payloadCrc, isPlaced } = decodeHeader(head);
  if (run !== undefined && header.run !== run) throw new ProtocolError('run', 'a frame of another run');
  if (payload.byteLength > LIMITS.payloadBytes)
    throw new ProtocolError('tooLong', `a payload of ${payload.byteLength} bytes`);
  const expected = isPlaced ? PLACE_BYTES : count * DTYPE_BYTES[dtype];
  if (payload.byteLength !== expected) {
    const detail = `a payload of ${payload.byteLength} bytes, the header says ${expected}`;
    throw new ProtocolError('length', detail);
  }
  if (crc32(payload) !== payloadCrc) throw new ProtocolError('checksum', 'the payload is damaged');
  return isPlaced ? { header, payload: NOTHING, place: decodePlace(payload) } : { header, payload };
}

/** Whether the frame is of this kind. */
export function isFrame<K extends FrameKindCode>(frame: DataFrame, kind: K): frame is DataFrame<HeaderOf<K>> {
  return frame.header.kind === kind;
}

/** Bytes of the elements of a frame whose payload is placed. */
export function placedBytes({ header }: DataFrame): number {
  return 'dtype' in header ? header.count * DTYPE_BYTES[header.dtype] : 0;
}
