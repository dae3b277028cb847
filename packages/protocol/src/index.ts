export { decodeControl, encodeControl } from './control/codec.js';
export {
  MESSAGES,
  type ControlMessage,
  type Direction,
  type HeldState,
  type MessageOf,
  type MessageType,
  type SlotRun,
  type StateSection,
  type StateSource,
} from './control/messages.js';
export { Dtype, DTYPE_BYTES, type DtypeCode } from './data/dtype.js';
export { fromWire, toWire, type WireDtype } from './data/floats.js';
export { decodeFrame, encodeFrame, encodeSignal, runKey, type DataFrame } from './data/frame.js';
export { FrameKind, HEADER_BYTES, type FrameHeader, type FrameKindCode } from './data/header.js';
export { decodeImages, encodeImages, type ImageRecords } from './data/images.js';
export {
  chunksOf,
  chunkSpan,
  fingerprintText,
  sectionsOf,
  STATE_CHUNK,
  stateFrom,
  type StateArrays,
} from './data/state.js';
export { ProtocolError, type ProtocolFault } from './protocolError.js';
export { LIMITS, MAGIC, PROTOCOL_VERSION } from './version.js';
