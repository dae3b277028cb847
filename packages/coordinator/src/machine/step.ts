import { FrameKind } from '@ddpm-fleet/protocol';
import { atBoundary, concludeStep } from './boundary.js';
import { checkCaptures, noteHead, onCheckpointGone, onStateFrame } from './capture.js';
import { rememberLine } from './commit.js';
import type { Effect } from './effects.js';
import type { Event, EventOf } from './events.js';
import { compareFingerprints } from './fingerprints.js';
import { checkStop, end, finish, onSaved, onSaveFailed, onStop } from './finish.js';
import {
  findCheckpoint,
  holders,
  onAdopted,
  onCheckpointFound,
  resolveGathering,
  startGathering,
} from './gather.js';
import { leaseOrphans } from './leases.js';
import { onAttach } from './joining.js';
import { checkLiveness, excuseOwnPause, lose } from './leaving.js';
import { onMessage } from './messages.js';
import { takeBadPartial, takePartial, takeRootBucket, takeRootImages } from './reduction.js';
import type { State } from './state.js';
import { releaseStragglers } from './stragglers.js';
import { log, send, type Turn } from './turn.js';
import { admitAll } from './welcome.js';

/**
 * The whole of the coordinator's judgement: what an event changes, and what must be done about it. It reads no clock,
 * no random number and no file: the same events give the same effects.
 *
 * The state given is consumed: it is changed in place and returned, so that 1,000 workers cost no copies. Keep a
 * `structuredClone` to come back to it.
 */
export function step(state: State, event: Event): { state: State; effects: Effect[] } {
  const turn: Turn = { state, effects: [] };
  state.now = Math.max(state.now, event.now);
  if (state.phase !== 'stopped') {
    const decisive = handle(turn, event);
    if (decisive && !isStopped(state)) advance(turn);
  }
  return { state, effects: turn.effects };
}

/** Takes in an event. Returns whether it can lead to a decision. */
function handle(turn: Turn, event: Event): boolean {
  switch (event.type) {
    case 'start':
      return onStart(turn);
    case 'tick':
      return onTick(turn);
    case 'message':
      return onMessage(turn, event.peer, event.message);
    case 'frame':
      return onFrame(turn, event);
    case 'malformed':
      return onMalformed(turn, event);
    case 'unreachable':
      return onUnreachable(turn, event.peer);
    case 'rootBucket':
      takeRootBucket(turn, event);
      return turn.state.round?.openBuckets === 0;
    case 'rootImages':
      takeRootImages(turn, event);
      return true;
    case 'badPartial':
      takeBadPartial(turn, event);
      return false;
    case 'journaled':
      onJournaled(turn.state, event);
      return false;
    default:
      return onRest(turn, event);
  }
}

function onRest(
  turn: Turn,
  event: EventOf<
    | 'checkpointFound'
    | 'checkpointGone'
    | 'adopted'
    | 'saved'
    | 'saveFailed'
    | 'failed'
    | 'stop'
    | 'checkpointNow'
  >,
): boolean {
  switch (event.type) {
    case 'checkpointFound':
      onCheckpointFound(turn, event);
      break;
    case 'checkpointGone':
      onCheckpointGone(turn, event);
      break;
    case 'adopted':
      onAdopted(turn, event);
      break;
    case 'saved':
      onSaved(turn, event);
      break;
    case 'saveFailed':
      onSaveFailed(turn, event);
      break;
    case 'failed':
      end(turn, event.reason, false);
      break;
    case 'stop':
      onStop(turn, event);
      break;
    case 'checkpointNow':
      turn.state.checkpoint.wanted = true;
  }
  return true;
}

function onStart(turn: Turn): boolean {
  findCheckpoint(turn);
  return true;
}

function onTick(turn: Turn): boolean {
  excuseOwnPause(turn.state);
  checkLiveness(turn);
  checkCaptures(turn);
  releaseStragglers(turn);
  checkStop(turn);
  const { generation, globalStep } = turn.state;
  const progress = turn.state.round ? turn.state.round.units.size - turn.state.round.openUnits : 0;
  send(turn, [...turn.state.peers.keys()], { type: 'HEARTBEAT', generation, globalStep, progress });
  return true;
}

function onJournaled(state: State, { line, hash, globalStep }: EventOf<'journaled'>): void {
  state.journal.head = { line, hash };
  if (globalStep === undefined) return;
  rememberLine(state, globalStep, hash);
  noteHead(state, globalStep, { line, hash });
}

function onUnreachable(turn: Turn, peer: string): boolean {
  turn.state.membership.attached.delete(peer);
  const known = turn.state.peers.get(peer);
  if (known) lose(turn, known, 'its connection is gone');
  return known !== undefined;
}

function onMalformed(turn: Turn, { peer, detail, version }: EventOf<'malformed'>): boolean {
  log(turn, 'warn', `${peer} sent what is no message: ${detail}`);
  if (version) send(turn, peer, { type: 'REJECT', code: 'version', reason: detail });
  return false;
}

function onFrame(turn: Turn, { peer, header }: EventOf<'frame'>): boolean {
  const { state } = turn;
  if (header.kind === FrameKind.attach) {
    onAttach(turn, peer, header.connection);
    return true;
  }
  const known = state.peers.get(peer);
  if (!known) return false;
  known.lastSeen = state.now;
  if (known.status !== 'active') return false;
  if (header.kind === FrameKind.partial || header.kind === FrameKind.partialImages) {
    if (header.globalStep === state.globalStep) known.lag = 0;
    takePartial(turn, known, header);
    return state.round?.openUnits === 0;
  }
  if (header.kind === FrameKind.state) onStateFrame(turn, known, header);
  return false;
}

/** Decides all that can be decided. */
function advance(turn: Turn): void {
  const { state } = turn;
  compareFingerprints(turn);
  if (state.phase !== 'gathering' && holders(state).length === 0) {
    startGathering(turn, 'no worker holds the state', state.options.gatherMs);
  }
  if (state.phase === 'gathering' && !resolveGathering(turn)) return endIfRefused(turn);
  admitAll(turn);
  if (isStepping(state)) {
    leaseOrphans(turn);
    if (!concludeStep(turn)) return;
  }
  if (state.phase === 'waiting') atBoundary(turn);
  if (isFinishing(state)) finish(turn);
}

/** The state is nowhere, and beginning anew would hide that the journal or the checkpoints lost something. */
function endIfRefused(turn: Turn): void {
  const { gathering } = turn.state.origin;
  if (gathering?.refused) end(turn, gathering.refusal!, false);
}

// Functions, because handlers change the phase behind the compiler's back.
const isStepping = ({ phase }: State): boolean => phase === 'stepping';
const isStopped = ({ phase }: State): boolean => phase === 'stopped';
const isFinishing = ({ phase }: State): boolean => phase === 'finishing';
