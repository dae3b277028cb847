import type { TrainState } from '@ddpm-fleet/core';
import type { MessageOf, StateReceiver, StateSource } from '@ddpm-fleet/protocol';
import { CommitLog } from './commitLog.js';
import type { Commits } from './commits.js';
import type { Facts, Run } from './events.js';
import type { LeasedNode, Leases } from './leases.js';
import type { Requests, StateQuestion } from './requests.js';
import type { StepClock } from './stepClock.js';

export interface WorkerState {
  /** Of this process, as JOIN and HELLO say it. */
  readonly identity: Pick<MessageOf<'JOIN'>, 'workerId' | 'host' | 'pid'>;
  now: number;
  /** Membership version, as last heard of. */
  generation: number;
  /** A coordinator has let this process in. */
  everConnected: boolean;
  phase: Phase;
}

/**
 * A worker's life. It survives its coordinator: whenever somebody new may be listening it greets again, and keeps what
 * it holds until it is told otherwise.
 */
export type Phase = Joining | Preparing | Greeting | Fetching | Working | Over;

/** Asks what the run is. */
export interface Joining {
  readonly name: 'joining';
}

/** Opens data, engine and model. */
export interface Preparing {
  readonly name: 'preparing';
  readonly run: Run;
}

/**
 * Holds still from before HELLO says what it holds until WELCOME says what to do about it. HELLO is said in the very
 * turn in which the device is idle, with what is held in that turn.
 */
export interface Greeting {
  readonly name: 'greeting';
  readonly replica: Replica;
  /** HELLO is sent; before, an answer is one to an earlier HELLO. */
  isSaid: boolean;
  /** What is held is wrong, says the coordinator. */
  forget: boolean;
  readonly arrivals: Arrivals;
}

/** Gets the state that WELCOME named, wherever it is. */
export interface Fetching {
  readonly name: 'fetching';
  readonly replica: Replica;
  readonly source: StateSource;
  /** The transfer that brings it, where one does. */
  transfer: number | undefined;
  /** Frames that may come before the WELCOME or the STATE that explains them: the planes keep no order between them. */
  readonly arrivals: Arrivals;
  /** What is to be held, once it is here. */
  found: Found | undefined;
  /** The device is taking it in. */
  isLoading: boolean;
}

export type Found =
  'held' | 'seed' | { readonly state: TrainState; readonly fingerprint: string | undefined };

/** Transfers under way, by number. */
export type Arrivals = Map<number, StateReceiver>;

/** Holds the run's state, applies what is committed and computes what it is leased. */
export interface Working {
  readonly name: 'working';
  readonly replica: Replica;
  readonly leases: Leases;
  readonly requests: Requests;
  /** The coordinator knows that everything committed is applied. */
  isLevel: boolean;
  /** When the step that it is at began. */
  boundaryAt: number;
  /** Slots of that step were computed, so that none are about to be leased. */
  hasComputed: boolean;
  /** A tick will come for a snapshot that waits. */
  isAlarmSet: boolean;
}

export interface Over {
  readonly name: 'over';
}

/** What a prepared worker has, in whatever phase. */
export interface Replica {
  readonly run: Run;
  readonly facts: Facts;
  /** The state on the device, or null while that is none, or none to be relied on. */
  held: Held | null;
  readonly commits: Commits;
  /** What the device was asked and has not answered. */
  call: DeviceCall | null;
  /** Nodes of the step that it is at which the device was given and has not answered, by key. */
  readonly nodes: Map<string, LeasedNode>;
  readonly clock: StepClock;
  /** States that came damaged one after the other. */
  damaged: number;
  /** When something last came on the data plane. */
  heardAt: number;
}

export interface Held {
  /** Applied steps. */
  globalStep: number;
  /** Which commits led to it. */
  readonly log: CommitLog;
}

export type DeviceCall =
  | { readonly kind: 'load'; readonly globalStep: number; readonly fingerprint: string | undefined }
  | { readonly kind: 'apply'; readonly commit: MessageOf<'STEP_COMMIT'> }
  /** For READY, or because a commit asked for it. */
  | { readonly kind: 'fingerprint'; readonly for: 'ready' | 'commit'; readonly begunAt: number }
  | { readonly kind: 'serve'; readonly question: StateQuestion };

export function initialState(identity: WorkerState['identity'], now: number): WorkerState {
  return { identity, now, generation: 0, everConnected: false, phase: { name: 'joining' } };
}

/** undefined until this worker is prepared, and when all is over. */
export function replicaOf({ phase }: WorkerState): Replica | undefined {
  return 'replica' in phase ? phase.replica : undefined;
}

export function isIdle({ call, nodes }: Replica): boolean {
  return call === null && nodes.size === 0;
}
