import type { MessageOf, SlotRun, WrittenShare } from '@ddpm-fleet/protocol';
import type { JournalHead, Keep } from './effects.js';
import type { CheckpointRef } from './events.js';
import type { MachineOptions } from './options.js';
import type { Peer } from './peer.js';
import type { Trust } from './trust.js';
import type { Unit } from './units.js';

/** The step in progress. */
export interface Round {
  /** Counts every sum begun, so that results of abandoned ones are recognised. */
  readonly round: number;
  readonly globalStep: number;
  readonly startedAt: number;
  /** Invariant 5: a partition of the slots into tree nodes; a node is only ever replaced by its children. By node key. */
  units: Map<string, Unit>;
  /** Units that are not complete. */
  openUnits: number;
  /** Slots that each worker was leased and has not finished; workers that owe nothing are not in it. */
  readonly owed: Map<string, number>;
  /** Finished buckets of the root: sha256 and sum of squares. */
  buckets: ({ sha256: string; sumSquares: number } | null)[];
  openBuckets: number;
  images: { meanLoss: number; bins: readonly (readonly [number, number])[]; bad: string | null } | null;
  /** First partial sum that was not finite. */
  badPartial: string | null;
  /** Doubles with every lease taken from a straggler, so that a fleet that is slow as a whole gets on. */
  patience: number;
  /** When the leases of each peer were given, for its speed; peers given more later are not measured. */
  leasedAt: Map<string, { at: number; slots: number } | null>;
}

/** A snapshot on its way from a donor to joiners, the store, or both. */
export interface Capture {
  readonly transfer: number;
  readonly globalStep: number;
  readonly donor: string;
  joiners: string[];
  readonly keep: Keep;
  journalHead: JournalHead | null;
  lastProgress: number;
  /** How many frames it is; unknown until the donor answered. */
  frames: number | null;
  /** Those that came, by section and chunk; some before the answer: the planes keep no order between them. */
  readonly seen: Set<string>;
}

/** A checkpoint that members write together, each a share, straight to the store. */
export interface ShareSave {
  readonly transfer: number;
  readonly globalStep: number;
  /** By share. */
  readonly writers: readonly string[];
  journalHead: JournalHead | null;
  /** What each said; null: not yet. */
  readonly written: (WrittenShare | null)[];
  /** At that step. */
  readonly trainLoss: number | null;
}

export interface Gathering {
  until: number;
  /** Newest step whose state is taken from a worker. */
  readonly atMost: number;
  readonly reason: string;
  checkpoint: CheckpointRef | null | undefined;
  /** Why the run must not begin anew, though there is no checkpoint that it may go back to. */
  refusal?: string | undefined;
  /** It would have to: the run ends. */
  refused?: boolean;
  /** The peer that was asked for commits that the journal lacks. */
  asked: string | null;
  /** The journal is taking them. */
  adopting: boolean;
}

export interface FingerprintRound {
  readonly globalStep: number;
  readonly expected: Set<string>;
  readonly values: Map<string, string>;
}

/** Who is there: joining.ts, messages.ts and leaving.ts. */
export interface Membership {
  /** Data planes heard of whose worker is unknown, and their connections' numbers. */
  readonly attached: Map<string, number>;
  /** Who was last asked to say HELLO, and when. */
  readonly strangers: Map<string, number>;
  /** Until then the first step waits for members that are about to be ready. */
  patientUntil: number;
  lastTick: number;
  /** What the run is computed on, from its record; null: no worker has been ready yet. */
  deviceKind: string | null;
}

/** Who computes what: leases.ts. */
export interface Leases {
  /** How the last step was divided. */
  plan: { peers: string[]; runs: SlotRun[]; costs: number[] } | null;
  /** How many sums were begun. */
  rounds: number;
}

/** Where the training state comes from at a start and after a rewind: gather.ts. */
export interface Origin {
  gathering: Gathering | null;
  /** Where a worker without a state can get that of `sourceStep`, as long as this is the fleet's step. */
  source: { from: 'seed' } | ({ from: 'checkpoint' } & CheckpointRef) | null;
  sourceStep: number;
}

/** States on their way: capture.ts and shares.ts. */
export interface Transfers {
  readonly captures: Map<number, Capture>;
  shares: ShareSave | null;
  count: number;
}

/** A step whose state is known to be good. */
export interface Agreed {
  readonly globalStep: number;
  /** Its fingerprint, where that was seen. */
  readonly value: string | null;
  /** While replicas have not been compared: what each worker that loaded the state says it is. */
  readonly claims?: ReadonlyMap<string, string>;
}

/** What is known of replicas that may be damaged: fingerprints.ts. */
export interface Replicas {
  fingerprints: FingerprintRound | null;
  /** The last one. */
  agreed: Agreed | null;
  /** The newest step that each worker lent a hand to: with sums, or with a state that it gave. */
  readonly lentAt: Map<string, number>;
  /** The newest step at which a worker gave its state to others, which are as good as it is. */
  donatedAt: number;
  /** Nothing is known of who lent a hand to earlier steps: that was another life. */
  knownFrom: number;
  /** Of the checkpoints in the store. */
  trust: Trust;
  /** Of the transfers up to this one nothing is trusted. */
  distrustedTransfers: number;
}

/** What stands written: commit.ts and gather.ts. */
export interface JournalKnown {
  head: JournalHead | null;
  /** sha256 of the line that took the state to a step, for the newest steps. */
  history: Map<number, string>;
  /** This life of the coordinator stands there: not before it is known what the journal lacks. */
  started: boolean;
}

export interface Losses {
  /** Of the last committed step. */
  train: number | null;
  heldOut: { askedStep: number; loss: number | null; step: number };
  /** Steps that were committed as skipped. */
  nonFinite: number;
}

/** How it ends: finish.ts. */
export interface Ending {
  stop: { reason: string; since: number; failed: boolean } | null;
  finishing: { since: number; capture: number | null } | null;
}

/** What the machine knows: where the run stands, who is there, and one group for each of its other affairs. */
export interface State {
  readonly options: MachineOptions;
  now: number;
  /** Membership version: grows with every join, loss and rewind, and with every life of the coordinator. */
  generation: number;
  /** Committed steps. */
  globalStep: number;
  phase: 'gathering' | 'waiting' | 'stepping' | 'finishing' | 'stopped';
  /** Last reason given for what it is (not) doing. */
  reason: string;
  readonly peers: Map<string, Peer>;
  round: Round | null;
  readonly membership: Membership;
  readonly leases: Leases;
  readonly origin: Origin;
  readonly transfers: Transfers;
  readonly checkpoint: {
    lastStep: number;
    /** Of the state that was asked for last, saved or not. */
    askedStep: number;
    lastAt: number;
    saving: boolean;
    /** Step whose averages were asked for last. */
    averagesStep: number | null;
    wanted: boolean;
    failures: number;
  };
  readonly replicas: Replicas;
  readonly journal: JournalKnown;
  readonly losses: Losses;
  readonly ending: Ending;
}

export type Hello = MessageOf<'HELLO'>;
