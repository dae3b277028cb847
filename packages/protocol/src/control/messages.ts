import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import { snapshotMeta, ticket, writeProblem, writtenShare } from './checkpoint.js';
import {
  engine,
  fingerprint,
  held,
  layoutEntry,
  line,
  runs,
  section,
  segment,
  sha256Hex,
  stateSource,
  step,
  text,
  uint32,
  weights,
  words,
  workerId,
} from './fields.js';
import type { Immutable } from './readonly.js';

/** Who may send a message. */
export type Direction = 'fromWorker' | 'fromCoordinator' | 'both';

interface MessageSpec<P extends TProperties> {
  /** The type byte on the wire. Never reused, never renumbered. */
  readonly code: number;
  readonly direction: Direction;
  /** What the sender says, in one sentence. */
  readonly sentence: string;
  readonly schema: TObject<P>;
}

function message<P extends TProperties>(
  code: number,
  direction: Direction,
  sentence: string,
  properties: P,
): MessageSpec<P> {
  return { code, direction, sentence, schema: Type.Object(properties) };
}

/** Every control message. Codes below 32 come from workers or both sides, others from the coordinator. */
export const MESSAGES = {
  JOIN: message(1, 'fromWorker', 'I would like to work; what is the run?', {
    workerId,
    host: words(256),
    pid: uint32,
  }),
  HELLO: message(2, 'fromWorker', 'I am prepared: this is what I compute with and what I hold.', {
    workerId,
    host: words(256),
    pid: uint32,
    identityHash: sha256Hex,
    /** The parameters in layout order. */
    layout: Type.Array(layoutEntry, { minItems: 1, maxItems: 65536 }),
    layoutHash: sha256Hex,
    datasetHash: sha256Hex,
    datasetSize: step,
    engine,
    /** Whatever decides the bits besides the identity: device model or instruction set, driver, libraries. */
    deviceKind: words(1024),
    held: Type.Union([held, Type.Null()]),
  }),
  READY: message(3, 'fromWorker', 'I hold the state that you named and can be leased slots.', {
    globalStep: step,
    fingerprint: Type.Union([fingerprint, Type.Null()]),
  }),
  HEARTBEAT: message(4, 'both', 'I am alive, and this far.', {
    generation: uint32,
    /** The step whose commit is awaited: as many steps are applied. */
    globalStep: step,
    /** Slots finished in that step. */
    progress: uint32,
    note: Type.Optional(words(200)),
  }),
  STATE: message(5, 'both', 'The frames of this transfer are my state at this step.', {
    transfer: uint32,
    globalStep: step,
    sections: Type.Array(section, { maxItems: 256 }),
    fingerprint: Type.Union([fingerprint, Type.Null()]),
  }),
  STATE_REQUEST: message(6, 'both', 'Send me the state as it is when this many steps are applied.', {
    transfer: uint32,
    globalStep: step,
  }),
  CHECKPOINT_WRITTEN: message(7, 'fromWorker', 'The checkpoint files that you asked for are on the store.', {
    transfer: uint32,
    globalStep: step,
    written: Type.Union([writtenShare, writeProblem]),
  }),
  FINGERPRINT: message(8, 'fromWorker', 'This is the fingerprint of my replica after that many steps.', {
    globalStep: step,
    value: fingerprint,
  }),
  EVALUATED: message(9, 'fromWorker', 'This is the held-out loss of those weights.', {
    globalStep: step,
    weights,
    loss: Type.Union([Type.Number(), Type.Null()]),
  }),
  COMMITS: message(10, 'fromWorker', 'These are the commits that I remember, oldest first.', {
    lines: Type.Array(line, { maxItems: 8192 }),
  }),
  LEAVE: message(11, 'fromWorker', 'I am leaving; give my slots to others.', {
    reason: text(2000),
    /** Leaving because something went wrong here. */
    failed: Type.Boolean(),
  }),
  SEGMENT: message(12, 'both', 'I have made this memory: map it if you are on this host.', segment),
  SEGMENT_MAPPED: message(13, 'both', 'I have mapped that segment of yours: payloads may lie in it.', {
    segment: uint32,
  }),
  SEGMENT_READ: message(14, 'fromWorker', 'I have read all placed payloads up to this one.', { use: uint32 }),

  RUN: message(32, 'fromCoordinator', 'This is the run: prepare, then say HELLO.', {
    runId: text(128),
    /** The resolved RunConfig; `receivedConfig` of packages/config checks it. */
    config: Type.Object({}),
    identityHash: sha256Hex,
    /** Run directory as the coordinator sees it, and the coordinator's host name. */
    runDir: text(4096),
    host: text(256),
  }),
  WELCOME: message(33, 'fromCoordinator', 'You are in: get this state, then say READY.', {
    generation: uint32,
    state: stateSource,
  }),
  REJECT: message(34, 'fromCoordinator', 'I will not work with you, and this is why.', {
    code: text(64),
    reason: text(4000),
  }),
  HELLO_AGAIN: message(35, 'fromCoordinator', 'I do not know you: say HELLO again and what you hold.', {
    /** True: what you hold is wrong; hold nothing. */
    forget: Type.Boolean(),
  }),
  STEP_BEGIN: message(36, 'fromCoordinator', 'Compute these slots of this step.', {
    generation: uint32,
    globalStep: step,
    runs,
  }),
  STEP_COMMIT: message(
    37,
    'fromCoordinator',
    'The step stands: apply its root, or skip it, and remember these lines.',
    {
      generation: uint32,
      globalStep: step,
      /** True: globalStep advances and the state stays as it is. */
      skipped: Type.Boolean(),
      /** True: answer with the FINGERPRINT of the state after this step. */
      fingerprint: Type.Boolean(),
      /** Every journal line since the last commit, as written; the last one is this step's. */
      lines: Type.Array(line, { minItems: 1, maxItems: 4096 }),
    },
  ),
  STEP_ABORT: message(38, 'fromCoordinator', 'Forget these slots of this step (all, if none are named).', {
    generation: uint32,
    globalStep: step,
    runs,
    reason: text(2000),
  }),
  CHECKPOINT_REQUEST: message(
    39,
    'fromCoordinator',
    'Write this share of the state at this step to the store yourself.',
    {
      transfer: uint32,
      globalStep: step,
      ticket,
      share: uint32,
      /** What only the coordinator knows of the snapshot's metadata. */
      meta: snapshotMeta,
    },
  ),
  EVALUATE: message(40, 'fromCoordinator', 'Tell me the held-out loss of these weights at this step.', {
    globalStep: step,
    weights,
  }),
  COMMITS_REQUEST: message(41, 'fromCoordinator', 'Tell me the commits you remember, from this step on.', {
    from: step,
  }),
  DRAIN: message(42, 'fromCoordinator', 'Stop computing and LEAVE.', { reason: text(2000) }),
  SHUTDOWN: message(43, 'fromCoordinator', 'The run is over for this reason; exit.', {
    reason: text(2000),
    /** True: it ended as it should. */
    completed: Type.Boolean(),
  }),
} as const;

export type MessageType = keyof typeof MESSAGES;

type Fields<S extends TSchema> = Immutable<Static<S>>;

/** The message of one type, decoded. */
export type MessageOf<K extends MessageType> = { readonly type: K } & Fields<(typeof MESSAGES)[K]['schema']>;

export type ControlMessage = { [K in MessageType]: MessageOf<K> }[MessageType];
export type SlotRun = Fields<typeof runs>[number];
export type StateSection = Fields<typeof section>;
export type StateSource = Fields<typeof stateSource>;
export type CheckpointSource = Extract<StateSource, { from: 'checkpoint' }>;
export type HeldState = Fields<typeof held>;
/** A share of a checkpoint that a worker has written. */
export type WrittenShare = Fields<typeof writtenShare>;
