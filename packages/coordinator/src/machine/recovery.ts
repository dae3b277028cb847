import type { JournalHead } from './effects.js';
import { TRUST_ALL, type Trust } from './trust.js';

/** What a coordinator finds in the run's directory when it starts. */
export interface Recovery {
  readonly generation: number;
  readonly globalStep: number;
  readonly journal: JournalHead | null;
  /** Of its workers; null: none has computed yet, or it is not in what was read. */
  readonly deviceKind: string | null;
  /** (steps committed, line hash), newest last. */
  readonly history: readonly (readonly [number, string])[];
  /** Workers may be alive that hold the state: the last life did not end in order. */
  readonly brokenOff: boolean;
  /** Of the checkpoints in the store. */
  readonly trust: Trust;
  /** Newest state of a worker that may be used: it was found out, and not gone back yet. */
  readonly heldAtMost: number;
  readonly agreed: { readonly globalStep: number; readonly value: string | null } | null;
  readonly nonFinite: number;
  readonly heldOut: { readonly globalStep: number; readonly loss: number | null } | null;
}

export const FRESH: Recovery = {
  generation: 0,
  globalStep: 0,
  journal: null,
  deviceKind: null,
  history: [],
  brokenOff: false,
  trust: TRUST_ALL,
  heldAtMost: Number.MAX_SAFE_INTEGER,
  agreed: null,
  nonFinite: 0,
  heldOut: null,
};

/** Commits whose line hash is remembered, and which workers remember too. */
export const HISTORY = 1024;
