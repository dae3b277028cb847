import type { Role } from './launchPlan.js';

/**
 * What a process said by its exit code. `tryAgain` (sysexits' EX_TEMPFAIL) says that time may mend it; any other code, or a
 * signal, is a crash.
 */
export const ExitCode = { done: 0, failed: 1, badInput: 2, tryAgain: 75 } as const;

export interface SupervisionPolicy {
  /** Restarts in a row of one process before it is given up. */
  readonly maxRestarts: number;
  /** Fewer workers than this that live or will: the run cannot go on. */
  readonly minWorkers: number;
  /** From the wish to stop to SIGKILL. */
  readonly graceMs: number;
  /** The first restart is at once; the next after this, then twice this, ... */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A process that lived this long starts counting its restarts anew. */
  readonly stableMs: number;
}

export type ProcessStatus = 'waiting' | 'running' | 'left' | 'failed';

export interface ProcessState {
  readonly id: string;
  readonly role: Role;
  readonly status: ProcessStatus;
  /** In a row. */
  readonly restarts: number;
  /** With which it ended last, where it stated a failure. */
  readonly words?: string;
  /** When `running`: since; when `waiting`: it starts at this time. Milliseconds. */
  readonly at: number;
}

export interface LaunchOutcome {
  readonly kind: 'done' | 'stopped' | 'failed';
  readonly exitCode: number;
  readonly reason: string;
}

export interface Supervision {
  readonly processes: readonly ProcessState[];
  /** Set once the run is to end: how, and when patience ends. */
  readonly ending?: { readonly outcome: LaunchOutcome; readonly killAt: number };
}

export interface ProcessEnded {
  readonly type: 'exited';
  readonly now: number;
  readonly id: string;
  readonly code: number | null;
  /** What it said last: the cause. */
  readonly words?: string;
}

export type SupervisionEvent =
  | { readonly type: 'tick'; readonly now: number }
  | ProcessEnded
  | { readonly type: 'stop'; readonly now: number; readonly reason: string };

export type Decision =
  | { readonly type: 'start'; readonly id: string }
  | { readonly type: 'signal'; readonly id: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'finish'; readonly outcome: LaunchOutcome };

export interface Supervised {
  readonly state: Supervision;
  readonly decisions: readonly Decision[];
}
