/** Version of both planes. A peer with another version is refused by name before its body is read. */
export const PROTOCOL_VERSION = 1;

/** First two bytes of every control message and data header: "DF". */
export const MAGIC = 0x4644;

/** Sizes beyond which a message is refused unread. */
export const LIMITS = {
  /** Bytes of a control message, prefix included. */
  controlBytes: 4 << 20,
  /** Bytes of the payload of a data frame. */
  payloadBytes: 64 << 20,
} as const;
