export { decodeControl, encodeControl } from './control/codec.js';
export {
  MESSAGES,
  type CheckpointSource,
  type ControlMessage,
  type Direction,
  type HeldState,
  type MessageOf,
  type MessageType,
  type SlotRun,
  type StateSection,
  type StateSource,
  type WrittenShare,
} from './control/messages.js';
export { isSegmentMessage, type SegmentMessage, type SegmentOffer } from './control/segmentMessages.js';
export { Dtype, DTYPE_BYTES, type DtypeCode, type FloatDtype } from './data/dtype.js';
export { chunksOf, chunkSpan, STATE_CHUNK } from './data/chunks.js';
export { fromWire, toWire, type WireDtype } from './data/floats.js';
export {
  decodeFrame,
  encodeFrame,
  encodePlaced,
  isFrame,
  placedBytes,
  runKey,
  type DataFrame,
} from './data/frame.js';
export {
  FrameKind,
  type AttachHeader,
  type FrameHeader,
  type FrameKindCode,
  type HeaderOf,
  type PartialHeader,
  type PartialImagesHeader,
  type ProbeHeader,
  type RootHeader,
  type RootImagesHeader,
  type StateHeader,
} from './data/header.js';
export { HEADER_BYTES } from './data/headerCodec.js';
export { decodeImages, encodeImages, type ImageRecords } from './data/images.js';
export { fingerprintText } from './data/fingerprint.js';
export {
  framesOf,
  stateFrames,
  stateMessage,
  StateReceiver,
  type Announcement,
} from './data/stateTransfer.js';
export type { Place } from './data/place.js';
export { ProtocolError, type ProtocolFault } from './protocolError.js';
export { LIMITS, MAGIC, PROTOCOL_VERSION } from './version.js';
