import type { MessageOf } from '@ddpm-fleet/protocol';
import { dropAllCaptures } from './capture.js';
import type { EventOf } from './events.js';
import type { Recovery } from './recovery.js';
import type { Peer } from './peer.js';
import type { State } from './state.js';
import { distrustAfter } from './trust.js';
import { explain, journal, log, members, send, type Turn } from './turn.js';
import { candidates, holdsCurrent, isOurs } from './welcome.js';

/** Nobody who is connected has the state: looks for one, with workers that come back or in a checkpoint. */
export function startGathering(
  turn: Turn,
  reason: string,
  windowMs: number,
  atMost = Number.MAX_SAFE_INTEGER,
): void {
  const { state } = turn;
  state.phase = 'gathering';
  state.origin.gathering = {
    until: state.now + windowMs,
    atMost,
    reason,
    checkpoint: undefined,
    asked: null,
    adopting: false,
  };
  state.replicas.fingerprints = null;
  dropAllCaptures(turn, reason);
  state.checkpoint.wanted = false;
  state.ending.finishing = null;
  // Those who waited for a state from a peer wait for another one.
  for (const peer of members(state)) peer.status = 'waiting';
  findCheckpoint(turn);
  explain(turn, `${reason}: looking for the state at step ${state.globalStep}`);
}

/**
 * Looks for the newest checkpoint that may be gone back to: a later one than the journal reaches would leave a gap in
 * it. (A run that has no journal yet may begin with any.)
 */
export function findCheckpoint({ state, effects }: Turn): void {
  state.origin.gathering!.checkpoint = undefined;
  const atMost = state.journal.head === null ? Number.MAX_SAFE_INTEGER : state.globalStep;
  effects.push({ type: 'findCheckpoint', atMost, trust: state.replicas.trust });
}

export function onCheckpointFound({ state }: Turn, event: EventOf<'checkpointFound'>): void {
  const { checkpoint, refusal } = event;
  if (state.origin.gathering) Object.assign(state.origin.gathering, { checkpoint, refusal });
}

/** Members that have a state, or can get one by themselves. */
export function holders(state: State): Peer[] {
  return members(state).filter(({ status, source }) => status === 'active' || source !== 'peer');
}

/**
 * Decides from which state to go on: from the newest one that a worker holds; else from the newest checkpoint; else
 * from the seed. Returns whether it is decided.
 */
export function resolveGathering(turn: Turn): boolean {
  const { state } = turn;
  const gathering = state.origin.gathering!;
  // What the journal takes from a worker may say another step than the one known here.
  if (gathering.adopting) return false;
  const peers = candidates(state);
  if (peers.length === 0) {
    explain(turn, `${gathering.reason}: waiting for a worker`);
    return false;
  }
  const usable = peers.filter((peer) => peer.held !== null && peer.held.globalStep <= gathering.atMost);
  if (usable.some((peer) => holdsCurrent(state, peer)))
    return goOn(turn, state.globalStep, 'a worker holds the state');
  if (askAhead(turn, usable)) return false;
  if (state.now < gathering.until || gathering.checkpoint === undefined) {
    explain(
      turn,
      `${gathering.reason}: ${peers.length} workers are here, none with the state at step ${state.globalStep}`,
    );
    return false;
  }
  return goBack(turn, usable);
}

function goBack(turn: Turn, usable: readonly Peer[]): boolean {
  const { state } = turn;
  const { checkpoint } = state.origin.gathering!;
  const held = Math.max(
    -1,
    ...usable.filter((peer) => isOurs(state, peer)).map((peer) => peer.held!.globalStep),
  );
  if (held >= (checkpoint?.globalStep ?? 0) && held >= 0)
    return goOn(turn, held, 'the newest state that a worker holds');
  // What is saved needs no saving; a worker with more may still come.
  if (state.ending.stop) return false;
  if (checkpoint) {
    state.origin.source = { from: 'checkpoint', ...checkpoint };
    state.checkpoint.lastStep = checkpoint.globalStep;
    return goOn(turn, (state.origin.sourceStep = checkpoint.globalStep), 'the newest whole checkpoint');
  }
  if (state.origin.gathering!.refusal !== undefined) {
    state.origin.gathering!.refused = true;
    return false;
  }
  state.origin.source = { from: 'seed' };
  return goOn(
    turn,
    (state.origin.sourceStep = 0),
    state.globalStep === 0 ? 'the initial weights' : 'there is no checkpoint',
  );
}

/** A worker may know commits that this journal lost with the power: asks for them. */
function askAhead(turn: Turn, usable: readonly Peer[]): boolean {
  const { state } = turn;
  const gathering = state.origin.gathering!;
  if (gathering.asked !== null) return state.now < gathering.until && state.peers.has(gathering.asked);
  const ahead = usable.filter((peer) => peer.held!.globalStep > state.globalStep);
  if (ahead.length === 0) return false;
  const best = ahead.reduce((a, b) => (b.held!.globalStep > a.held!.globalStep ? b : a));
  gathering.asked = best.peer;
  gathering.until = Math.max(gathering.until, state.now + state.options.gatherMs);
  send(turn, best.peer, { type: 'COMMITS_REQUEST', from: state.globalStep });
  return true;
}

export function onCommits(turn: Turn, peer: Peer, { lines }: MessageOf<'COMMITS'>): void {
  const { gathering } = turn.state.origin;
  if (gathering?.asked !== peer.peer) return;
  gathering.adopting = true;
  turn.effects.push({ type: 'adopt', lines });
}

/** The journal took the lines that continued its chain: it says what it would have said with them from the start. */
export function onAdopted(turn: Turn, { commits, recovery }: EventOf<'adopted'>): void {
  const { state } = turn;
  const { gathering } = state.origin;
  if (!gathering) return;
  gathering.adopting = false;
  if (!recovery) {
    log(turn, 'warn', 'the commits that a worker remembers do not continue the journal');
    gathering.until = state.now;
    return;
  }
  takeRecovery(state, recovery);
  state.round = null;
  // A line of this life's start that still waited was dropped for those lines.
  state.journal.started = false;
  log(turn, 'warn', `${commits} commits that the journal had lost were taken from a worker`);
}

function takeRecovery(state: State, recovery: Recovery): void {
  const { globalStep, journal: head, history, agreed, trust, heldAtMost, nonFinite, heldOut } = recovery;
  state.globalStep = globalStep;
  state.membership.deviceKind = recovery.deviceKind;
  Object.assign(state.replicas, { agreed, trust, knownFrom: globalStep });
  state.losses.nonFinite = nonFinite;
  state.journal.head = head;
  state.journal.history = new Map(history);
  state.generation = Math.max(state.generation, recovery.generation + 1);
  state.origin.gathering = { ...state.origin.gathering!, atMost: heldAtMost };
  if (heldOut)
    state.losses.heldOut = { askedStep: heldOut.globalStep, step: heldOut.globalStep, loss: heldOut.loss };
}

/** The state is found: workers that have it or can get it are let in. */
function goOn(turn: Turn, globalStep: number, why: string): true {
  const { state } = turn;
  journalStart(turn);
  if (globalStep !== state.globalStep) rewind(turn, globalStep, `${state.origin.gathering!.reason}; ${why}`);
  state.origin.gathering = null;
  state.phase = state.round ? 'stepping' : 'waiting';
  state.membership.patientUntil = state.now + state.options.gatherMs;
  explain(turn, `going on from step ${globalStep}: ${why}`);
  return true;
}

/** Lines that workers remember continue the journal as it was found, so nothing is put between. */
function journalStart(turn: Turn): void {
  const { state } = turn;
  if (state.journal.started) return;
  state.journal.started = true;
  const { generation, globalStep, origin, membership } = state;
  const { deviceKind } = membership;
  const { reason } = origin.gathering!;
  journal(turn, {
    kind: 'start',
    generation,
    globalStep,
    reason,
    ...(deviceKind !== null && { deviceKind }),
  });
}

/** Invariant 7: the one way back. */
function rewind(turn: Turn, globalStep: number, reason: string): void {
  const { state } = turn;
  const distrusted = state.origin.gathering!.atMost < Number.MAX_SAFE_INTEGER;
  journal(turn, {
    kind: 'rewind',
    globalStep,
    from: state.globalStep,
    reason,
    ...(distrusted && { distrusted }),
  });
  log(turn, 'warn', `rewind from step ${state.globalStep} to ${globalStep}: ${reason}`);
  if (distrusted) state.replicas.trust = distrustAfter(state.replicas.trust, globalStep);
  for (const step of state.journal.history.keys()) if (step > globalStep) state.journal.history.delete(step);
  state.globalStep = globalStep;
  state.generation++;
  state.round = null;
  // Everybody has the state from the same place.
  if (state.origin.source && state.origin.sourceStep === globalStep) forgetLent(state, globalStep);
  else if (state.replicas.agreed && state.replicas.agreed.globalStep > globalStep)
    state.replicas.agreed = { globalStep, value: null };
}

function forgetLent(state: State, globalStep: number): void {
  state.replicas.agreed = { globalStep, value: null };
  state.replicas.lentAt.clear();
  state.replicas.donatedAt = -1;
  state.replicas.knownFrom = globalStep;
}
