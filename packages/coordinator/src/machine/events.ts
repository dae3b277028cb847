import type { ControlMessage, FrameHeader, SegmentMessage } from '@ddpm-fleet/protocol';
import type { Recovery } from './recovery.js';

/** A checkpoint that verified. */
export interface CheckpointRef {
  readonly globalStep: number;
  readonly location: string;
  readonly digest: string;
}

/** Images of a step's loss whose value is NaN or infinite. */
export interface BadImage {
  /** Stream position within the step, 0 to G - 1. */
  readonly position: number;
  readonly slot: number;
  readonly t: number;
}

/** What happened. Every event says when, in milliseconds of a clock that never goes back. */
export type Event = { readonly now: number } &
  /** The first event. */
  (
    | { readonly type: 'start' }
    | { readonly type: 'tick' }
    | {
        readonly type: 'message';
        readonly peer: string;
        readonly message: Exclude<ControlMessage, SegmentMessage>;
      }
    /** A data frame came; the shell keeps its payload until the effects of this event are done. */
    | { readonly type: 'frame'; readonly peer: string; readonly header: FrameHeader }
    /** Bytes that are no message. */
    | {
        readonly type: 'malformed';
        readonly peer: string;
        readonly detail: string;
        readonly version: boolean;
      }
    | { readonly type: 'unreachable'; readonly peer: string }
    /** A bucket of the root is finished. `sumSquares` in float64 says whether all its elements are finite. */
    | {
        readonly type: 'rootBucket';
        readonly round: number;
        readonly bucket: number;
        readonly sha256: string;
        readonly sumSquares: number;
      }
    /** All image records of the round are there. */
    | {
        readonly type: 'rootImages';
        readonly round: number;
        readonly meanLoss: number;
        readonly bins: readonly (readonly [count: number, sum: number])[];
        readonly bad: readonly BadImage[];
      }
    /** A partial sum that was taken has a NaN or infinity. */
    | { readonly type: 'badPartial'; readonly round: number; readonly node: string; readonly bucket: number }
    /** A line is in the journal. `globalStep`: steps committed once it stands, for lines of steps. */
    | {
        readonly type: 'journaled';
        readonly line: number;
        readonly hash: string;
        readonly globalStep?: number;
      }
    | {
        readonly type: 'checkpointFound';
        readonly checkpoint: CheckpointRef | null;
        /** With null: why the run must not begin anew. */
        readonly refusal?: string;
      }
    /** The checkpoint that a worker was to be sent cannot be read (any more): retention may have removed it. */
    | {
        readonly type: 'checkpointGone';
        readonly peer: string;
        readonly globalStep: number;
        readonly reason: string;
      }
    /** Lines that workers remembered were checked against the journal's chain. */
    | {
        readonly type: 'adopted';
        readonly commits: number;
        /** What the journal says with them; null if none of them continued it. */
        readonly recovery: Recovery | null;
      }
    | {
        readonly type: 'saved';
        readonly transfer: number;
        readonly globalStep: number;
        readonly digest: string;
      }
    | {
        readonly type: 'saveFailed';
        readonly transfer: number;
        readonly globalStep: number;
        readonly reason: string;
      }
    /** Something without which the run cannot go on is not there. */
    | { readonly type: 'failed'; readonly reason: string }
    /** The whole run is asked to end (SIGTERM). */
    | { readonly type: 'stop'; readonly reason: string }
    /** A checkpoint is asked for (SIGUSR1). */
    | { readonly type: 'checkpointNow' }
  );

export type EventOf<K extends Event['type']> = Extract<Event, { type: K }>;
