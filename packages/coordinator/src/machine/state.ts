import type { MessageOf, SlotRun, WrittenShare } from '@ddpm-fleet/protocol';
import type { JournalHead } from './effects.js';
import type { CheckpointRef } from './events.js';
import type { MachineOptions } from './options.js';
import type { Recovery } from './recovery.js';
import type { Trust } from './trust.js';
import type { Unit } from './units.js';

/**
 * preparing: asked what the run is. waiting: said HELLO, not let in yet. fetching: let in, gets a state. active: can
 * be leased slots.
 */
export type PeerStatus = 'preparing' | 'waiting' | 'fetching' | 'active';

/** A worker process, under its routing id. Fetching and active peers are members. */
export interface Peer {
  readonly peer: string;
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  status: PeerStatus;
  lastSeen: number;
  /** Number that the worker gave to the connection of its data plane; null: it has not been heard of. */
  attached: number | null;
  deviceKind: string;
  /** What it said it holds. */
  held: { globalStep: number; lineHash: string | null } | null;
  /** Where its state comes from, once it is let in. */
  source: 'seed' | 'held' | 'checkpoint' | 'peer' | null;
  /** `peer`: every frame of its state was passed on. */
  delivered: boolean;
  /** First step whose root it gets. */
  fromStep: number;
  /** How many commits it had not applied when it was last heard of. */
  lag: number;
  /** Milliseconds a slot; 0: not measured. */
  slotMs: number;
  note: string;
}

/** The step in progress. */
export interface Round {
  /** Counts every sum begun, so that results of abandoned ones are recognised. */
  readonly round: number;
  readonly globalStep: number;
  readonly startedAt: number;
  /** A partition of the slots into tree nodes; a node is only ever replaced by its children. By node key. */
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
  store: boolean;
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

export interface State {
  readonly options: MachineOptions;
  now: number;
  /** Membership version: grows with every join, loss and rewind, and with every life of the coordinator. */
  generation: number;
  /** Committed steps. */
  globalStep: number;
  phase: 'gathering' | 'waiting' | 'stepping' | 'finishing' | 'stopped';
  peers: Map<string, Peer>;
  /** Data planes heard of whose worker is unknown, and their connections' numbers. */
  attached: Map<string, number>;
  /** Who was last asked to say HELLO, and when. */
  strangers: Map<string, number>;
  gathering: Gathering | null;
  round: Round | null;
  rounds: number;
  /** Where a worker without a state can get that of `globalStep`, as long as this is its step. */
  source: { from: 'seed' } | ({ from: 'checkpoint' } & CheckpointRef) | null;
  sourceStep: number;
  plan: { peers: string[]; runs: SlotRun[]; costs: number[] } | null;
  captures: Map<number, Capture>;
  shares: ShareSave | null;
  transfers: number;
  checkpoint: { lastStep: number; lastAt: number; saving: boolean; wanted: boolean; failures: number };
  heldOut: { askedStep: number; loss: number | null; step: number };
  loss: number | null;
  fingerprints: FingerprintRound | null;
  /** Last step whose state is known to be good, and its fingerprint where that was seen. */
  agreed: { globalStep: number; value: string | null } | null;
  /** The newest step that each worker lent a hand to: with sums, or with a state that it gave. */
  lentAt: Map<string, number>;
  /** The newest step at which a worker gave its state to others, which are as good as it is. */
  donatedAt: number;
  /** Nothing is known of who lent a hand to earlier steps: that was another life. */
  knownFrom: number;
  /** Of the checkpoints in the store. */
  trust: Trust;
  /** Of the transfers up to this one nothing is trusted. */
  distrustedTransfers: number;
  nonFinite: number;
  /** sha256 of the journal line that took the state to a step, for the newest steps. */
  history: Map<number, string>;
  journal: JournalHead | null;
  stop: { reason: string; since: number; failed: boolean } | null;
  finishing: { since: number; capture: number | null } | null;
  /** This life of the coordinator stands in the journal: not before it knows what the journal lacks. */
  started: boolean;
  /** Until then the first step waits for members that are about to be ready. */
  patientUntil: number;
  /** Last reason given for what it is (not) doing. */
  reason: string;
  lastTick: number;
}

export type Hello = MessageOf<'HELLO'>;

export function initialState(options: MachineOptions, recovery: Recovery, now: number): State {
  const window = recovery.brokenOff ? options.gatherMs : 0;
  return {
    options,
    now,
    generation: recovery.generation + 1,
    globalStep: recovery.globalStep,
    phase: 'gathering',
    peers: new Map(),
    attached: new Map(),
    strangers: new Map(),
    gathering: {
      until: now + window,
      atMost: recovery.heldAtMost,
      reason: recovery.brokenOff ? 'the coordinator was started again' : 'the run starts',
      checkpoint: undefined,
      asked: null,
      adopting: false,
    },
    round: null,
    rounds: 0,
    source: null,
    sourceStep: 0,
    plan: null,
    shares: null,
    captures: new Map(),
    transfers: 0,
    checkpoint: { lastStep: -1, lastAt: now, saving: false, wanted: false, failures: 0 },
    heldOut: {
      askedStep: recovery.heldOut?.globalStep ?? -1,
      loss: recovery.heldOut?.loss ?? null,
      step: recovery.heldOut?.globalStep ?? -1,
    },
    loss: null,
    fingerprints: null,
    ...initialTrust(recovery),
    nonFinite: recovery.nonFinite,
    history: new Map(recovery.history),
    journal: recovery.journal,
    stop: null,
    finishing: null,
    started: false,
    patientUntil: 0,
    reason: '',
    lastTick: now,
  };
}

/** What is known of replicas that may be damaged. */
function initialTrust({ agreed, globalStep, trust }: Recovery) {
  return {
    agreed,
    lentAt: new Map<string, number>(),
    donatedAt: -1,
    knownFrom: globalStep,
    trust,
    distrustedTransfers: 0,
  };
}
