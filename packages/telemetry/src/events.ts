import type { Parts } from './parts.js';

/** What every event of the journal carries. */
interface Journaled {
  /** Number of its line in the journal. */
  readonly line: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A step was committed: it took `globalStep` to `globalStep + 1`. */
export interface StepEvent extends Journaled {
  readonly kind: 'step';
  readonly globalStep: number;
  readonly generation: number;
  readonly slots: readonly (readonly [start: number, end: number, worker: string])[];
  readonly loss: number;
  readonly gradNorm: number;
  readonly bins: readonly (readonly [count: number, sum: number])[];
  readonly skipped?: string;
  readonly ms: number;
}

/** Where every worker's time went, since the run began. */
export interface TimesEvent {
  readonly kind: 'times';
  readonly at: string;
  readonly globalStep: number;
  /** By worker. */
  readonly workers: Readonly<Record<string, Parts>>;
  /** Lines like this one that the disk did not take before it. */
  readonly missed?: number;
}

/** What happens in a run, in the words of its two files: decisions are in the journal, measurements beside it. */
export type RunEvent =
  | StepEvent
  | TimesEvent
  | (Journaled &
      (
        | { readonly kind: 'branch'; readonly globalStep: number; readonly runId: string }
        | { readonly kind: 'start'; readonly globalStep: number; readonly reason: string }
        | {
            readonly kind: 'joined';
            readonly worker: string;
            readonly host: string;
            readonly pid: number;
          }
        | { readonly kind: 'left'; readonly worker: string; readonly reason: string }
        | {
            readonly kind: 'rewind';
            readonly globalStep: number;
            readonly from: number;
            readonly reason: string;
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
            readonly differing: readonly string[];
          }
        | {
            readonly kind: 'end';
            readonly globalStep: number;
            readonly reason: string;
            readonly completed: boolean;
          }
      ));

export type EventKind = RunEvent['kind'];
export type EventOf<K extends EventKind> = Extract<RunEvent, { kind: K }>;

/** Every event: the file that holds it, and what it says. EVENTS.md is this table. */
export const EVENTS: Readonly<
  Record<EventKind, { readonly file: 'journal' | 'measures'; readonly says: string }>
> = {
  start: { file: 'journal', says: 'A life of the coordinator begins at this step.' },
  branch: { file: 'journal', says: 'The run began with a checkpoint of another run.' },
  joined: { file: 'journal', says: 'A worker takes part from now on.' },
  left: { file: 'journal', says: 'A worker takes no part any more, and why.' },
  step: {
    file: 'journal',
    says: 'A step was committed: who computed which slots, loss, gradient norm before clipping, images and losses by tenth of t, milliseconds from lease to commit.',
  },
  rewind: {
    file: 'journal',
    says: 'The run goes back to an earlier step; later lines repeat the steps between.',
  },
  checkpoint: { file: 'journal', says: 'A checkpoint was published.' },
  checkpointFailed: { file: 'journal', says: 'A checkpoint could not be written, and why.' },
  heldOut: { file: 'journal', says: 'The loss of the held-out images; null where it is not finite.' },
  fingerprint: { file: 'journal', says: 'Replicas were compared; those that differ are named.' },
  end: { file: 'journal', says: 'The run ended in order, complete or not, and why.' },
  times: {
    file: 'measures',
    says: 'Seconds of every worker by part since the run began; every few seconds, and at the end.',
  },
};

/** The event in a line of either file; undefined for what a later release may write there. */
export function parseEvent(text: string): RunEvent | undefined {
  try {
    const value = JSON.parse(text) as Partial<RunEvent> | null;
    return typeof value?.kind === 'string' && value.kind in EVENTS && typeof value.at === 'string'
      ? (value as RunEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
