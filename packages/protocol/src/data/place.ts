/** Where the payload of a frame lies that does not come with it: in a segment that both ends have mapped. */
export interface Place {
  /** Of the sender's. */
  readonly segment: number;
  /** Counts what one sender has placed for one receiver, from 1: SEGMENT_READ names it. 0: nothing is to be said. */
  readonly use: number;
  readonly offset: number;
}

export const PLACE_BYTES = 16;

/** Little-endian: segment u32, use u32, offset u64. */
export function encodePlace({ segment, use, offset }: Place): Buffer {
  const bytes = Buffer.alloc(PLACE_BYTES);
  bytes.writeUInt32LE(segment, 0);
  bytes.writeUInt32LE(use, 4);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  return bytes;
}

/** The offset may be beyond what the segment holds: who knows the segment checks that. */
export function decodePlace(payload: Uint8Array): Place {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    segment: bytes.readUInt32LE(0),
    use: bytes.readUInt32LE(4),
    offset: Number(bytes.readBigUInt64LE(8)),
  };
}
