import type { ControlMessage, MessageOf, StateSection, WrittenShare } from '@ddpm-fleet/protocol';
import type { TreeNode } from '@ddpm-fleet/core';
import type { Trust } from './trust.js';

/** What a journal line says, but for its number and the chain. */
export type Entry =
  | {
      /** The first line of a run that began with a checkpoint of another one. */
      readonly kind: 'branch';
      readonly globalStep: number;
      readonly digest: string;
      readonly runId: string;
      readonly changed: Readonly<Record<string, readonly [unknown, unknown]>>;
    }
  | {
      readonly kind: 'start';
      readonly generation: number;
      readonly globalStep: number;
      readonly reason: string;
      readonly deviceKind?: string;
      /** Of the journal from here on; the shell says it. */
      readonly format?: number;
      /** Lines before this one need not bear the seal: somebody said so. */
      readonly resealed?: boolean;
    }
  | {
      readonly kind: 'joined';
      readonly worker: string;
      readonly host: string;
      readonly pid: number;
      readonly generation: number;
      /** What the run is computed on, where it is not on record yet, or changes. */
      readonly deviceKind?: string;
    }
  | { readonly kind: 'left'; readonly worker: string; readonly reason: string; readonly generation: number }
  | StepEntry
  | {
      readonly kind: 'rewind';
      readonly globalStep: number;
      readonly from: number;
      readonly reason: string;
      /** Checkpoints of later steps, made before this line, are not to be used. */
      readonly distrusted?: boolean;
    }
  | { readonly kind: 'checkpoint'; readonly globalStep: number; readonly digest: string }
  | { readonly kind: 'checkpointFailed'; readonly globalStep: number; readonly reason: string }
  | {
      readonly kind: 'heldOut';
      readonly globalStep: number;
      readonly weights: 'raw' | number;
      readonly loss: number | null;
    }
  | {
      readonly kind: 'fingerprint';
      readonly globalStep: number;
      readonly value: string;
      readonly differing: readonly string[];
      /** What came after this step was made with sums that cannot be trusted. */
      readonly trustedUntil?: number;
    }
  | {
      readonly kind: 'end';
      readonly globalStep: number;
      readonly reason: string;
      readonly completed: boolean;
    };

/** The step that took globalStep to globalStep + 1. */
export interface StepEntry {
  readonly kind: 'step';
  readonly globalStep: number;
  readonly generation: number;
  /** [start, end, worker]: whose sums of these slots were taken; in slot order. */
  readonly slots: readonly (readonly [start: number, end: number, worker: string])[];
  /** Workers that sent a part of slots that another one finished. */
  readonly also?: readonly (readonly [start: number, end: number, worker: string])[];
  /** sha256 of each bucket of the root; the shell turns them into `gradientDigest`. */
  readonly buckets: readonly string[];
  readonly loss: number;
  /** Of the mean gradient, before clipping. */
  readonly gradNorm: number;
  /** Images and sum of losses of each tenth of the timesteps. */
  readonly bins: readonly (readonly [count: number, sum: number])[];
  /** Why the step was not applied. */
  readonly skipped?: string;
  readonly ms: number;
}

export interface StepMetrics {
  readonly globalStep: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly ms: number;
  readonly workers: number;
}

export interface RunOutcome {
  readonly completed: boolean;
  readonly globalStep: number;
  readonly reason: string;
  /** A loss or a gradient ended it. */
  readonly nonFinite?: boolean;
}

/** What a state is asked for to be saved as; joiners may get it besides. */
export interface Keep {
  readonly checkpoint: boolean;
  /** Its power averages alone. */
  readonly averages: boolean;
}

/** What the shell must do, in order. Nothing of it answers but by a later event. */
export type Effect =
  | { readonly type: 'send'; readonly to: readonly string[]; readonly message: ControlMessage }
  /** Tell a process that asked what the run is (RUN). */
  | { readonly type: 'introduce'; readonly to: string }
  /** A new sum begins; what belongs to earlier rounds is dropped. */
  | { readonly type: 'beginRound'; readonly round: number; readonly globalStep: number }
  /** Take the frame of this event into the round's sum. */
  | { readonly type: 'reduce'; readonly node: TreeNode }
  /** Send these finished parts of the round's root. */
  | {
      readonly type: 'sendRoot';
      readonly to: readonly string[];
      readonly generation: number;
      readonly globalStep: number;
      readonly buckets: readonly number[];
      readonly images: boolean;
    }
  /** Write the line, then send STEP_COMMIT with every line since the last commit. */
  | {
      readonly type: 'commit';
      readonly entry: StepEntry;
      readonly to: readonly string[];
      readonly message: Omit<MessageOf<'STEP_COMMIT'>, 'lines'>;
    }
  | { readonly type: 'journal'; readonly entry: Entry }
  | { readonly type: 'findCheckpoint'; readonly atMost: number; readonly trust: Trust }
  /** Check these lines against the journal's chain, and append those that continue it. */
  | { readonly type: 'adopt'; readonly lines: readonly string[] }
  /** The frames of this transfer will come and are to be saved. */
  | {
      readonly type: 'expectState';
      readonly transfer: number;
      readonly globalStep: number;
      readonly sections: readonly StateSection[];
      readonly journalHead: JournalHead | null;
      readonly losses: { readonly train?: number; readonly heldOut?: number };
      readonly keep: Keep;
    }
  | { readonly type: 'dropState'; readonly transfer: number }
  /** Pass the frame of this event on; `store`: into the state that is expected. */
  | { readonly type: 'forwardState'; readonly to: readonly string[]; readonly store: boolean }
  /** Ask these workers to write the state at this step, each a share. */
  | {
      readonly type: 'openShares';
      readonly transfer: number;
      readonly globalStep: number;
      readonly writers: readonly string[];
    }
  /** Every share is there: make it a checkpoint. */
  | {
      readonly type: 'publishShares';
      readonly transfer: number;
      readonly globalStep: number;
      /** What each writer said, in order of shares. */
      readonly written: readonly WrittenShare[];
      readonly journalHead: JournalHead | null;
      readonly losses: { readonly train?: number; readonly heldOut?: number };
    }
  /** The shares of this transfer will not be published. */
  | { readonly type: 'dropShares'; readonly transfer: number }
  /** Send a checkpoint's state to a worker that cannot read it. */
  | {
      readonly type: 'streamCheckpoint';
      readonly to: string;
      readonly transfer: number;
      readonly globalStep: number;
      readonly location: string;
    }
  /** The peer is gone for good. */
  | { readonly type: 'forget'; readonly peer: string }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly text: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'observe'; readonly metrics: StepMetrics }
  | { readonly type: 'observeHeldOut'; readonly globalStep: number; readonly loss: number | null }
  | { readonly type: 'finished'; readonly outcome: RunOutcome };

export interface JournalHead {
  readonly line: number;
  readonly hash: string;
}

export type EffectOf<K extends Effect['type']> = Extract<Effect, { type: K }>;
