import type { ControlMessage, MessageOf } from './messages.js';

/** How another process of this host finds a segment, and knows that it is the one that was meant. */
export type SegmentOffer = Omit<MessageOf<'SEGMENT'>, 'type' | 'segment'>;
/** Of the memory that two ends share; their shells settle it, and no machine hears of it. */
export type SegmentMessage = Extract<ControlMessage, { type: 'SEGMENT' | 'SEGMENT_MAPPED' | 'SEGMENT_READ' }>;

export function isSegmentMessage(message: ControlMessage): message is SegmentMessage {
  return message.type === 'SEGMENT' || message.type === 'SEGMENT_MAPPED' || message.type === 'SEGMENT_READ';
}
