import { dropCapturesOf } from './capture.js';
import { revoke } from './leases.js';
import type { Peer } from './peer.js';
import type { State } from './state.js';
import { journal, log, send, type Turn } from './turn.js';

/** The peer is gone or of no use: others get what it was leased. */
export function lose(turn: Turn, peer: Peer, reason: string): void {
  const { state } = turn;
  state.peers.delete(peer.peer);
  turn.effects.push({ type: 'forget', peer: peer.peer });
  if (peer.status === 'fetching' || peer.status === 'active') leaveMembership(turn, peer, reason);
  else log(turn, 'info', `${peer.workerId} is gone: ${reason}`, { worker: peer.workerId });
}

/** The peer is no member any more, but still there. */
export function demote(turn: Turn, peer: Peer, reason: string): void {
  const before = { ...peer };
  peer.status = 'waiting';
  leaveMembership(turn, before, reason);
}

function leaveMembership(turn: Turn, peer: Peer, reason: string): void {
  const { state } = turn;
  state.generation++;
  const { workerId: worker } = peer;
  if (peer.status === 'active') journal(turn, { kind: 'left', worker, reason, generation: state.generation });
  log(turn, 'warn', `${worker} left: ${reason}`, { worker, globalStep: state.globalStep });
  // Invariant 6.
  if (state.round) revoke(state.round, peer.peer);
  forgetFingerprint(state, peer.peer);
  dropCapturesOf(turn, peer.peer);
}

/** A comparison of replicas does not wait for it. */
function forgetFingerprint({ replicas }: State, peer: string): void {
  const { fingerprints } = replicas;
  fingerprints?.expected.delete(peer);
  fingerprints?.values.delete(peer);
}

export function reject(turn: Turn, peer: Peer, code: string, reason: string): void {
  send(turn, peer.peer, { type: 'REJECT', code, reason });
  log(turn, 'error', `${peer.workerId} was refused: ${reason}`, { worker: peer.workerId, code });
  turn.state.peers.delete(peer.peer);
  turn.effects.push({ type: 'forget', peer: peer.peer });
}

/** Ends the membership of a peer that sent what no worker of this run sends. */
export function exclude(turn: Turn, peer: Peer, code: string, reason: string): void {
  lose(turn, peer, reason);
  send(turn, peer.peer, { type: 'REJECT', code, reason });
}

/** Ends the membership of a peer that is alive; it may come back. */
export function expel(turn: Turn, peer: Peer, reason: string, forget: boolean): void {
  lose(turn, peer, reason);
  send(turn, peer.peer, { type: 'HELLO_AGAIN', forget });
}

/** Loses who has been silent for too long. */
export function checkLiveness(turn: Turn): void {
  const { state } = turn;
  const { livenessMs } = state.options;
  for (const peer of state.peers.values()) {
    const silentMs = state.now - peer.lastSeen;
    if (silentMs > livenessMs) lose(turn, peer, `silent for ${(silentMs / 1000).toFixed(1)} s`);
  }
}

/** After a pause of this process itself nobody is to blame for silence. */
export function excuseOwnPause(state: State): void {
  const pauseMs = state.now - state.membership.lastTick;
  state.membership.lastTick = state.now;
  if (pauseMs < state.options.livenessMs / 2) return;
  for (const peer of state.peers.values())
    peer.lastSeen = Math.max(peer.lastSeen, state.now - state.options.heartbeatMs);
}
