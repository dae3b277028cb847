import type { ControlMessage } from '@ddpm-fleet/protocol';
import type { Effect, Entry } from './effects.js';
import type { Peer } from './peer.js';
import type { State } from './state.js';

/** One event being handled: the state, which is changed in place, and the effects so far. */
export interface Turn {
  readonly state: State;
  readonly effects: Effect[];
}

export function send(turn: Turn, to: string | readonly string[], message: ControlMessage): void {
  const peers = typeof to === 'string' ? [to] : to;
  if (peers.length > 0) turn.effects.push({ type: 'send', to: peers, message });
}

export function journal(turn: Turn, entry: Entry): void {
  turn.effects.push({ type: 'journal', entry });
}

export function log(
  turn: Turn,
  level: 'debug' | 'info' | 'warn' | 'error',
  text: string,
  fields?: Record<string, unknown>,
): void {
  turn.effects.push({ type: 'log', level, text, ...(fields && { fields }) });
}

/** Says why it does what it does, when that is another reason than last time. */
export function explain(turn: Turn, reason: string): void {
  if (turn.state.reason === reason) return;
  turn.state.reason = reason;
  log(turn, 'info', reason);
}

export function peersBy(state: State, ...statuses: Peer['status'][]): Peer[] {
  return [...state.peers.values()].filter((peer) => statuses.includes(peer.status));
}

/** Let in: gets roots and commits. */
export function members(state: State): Peer[] {
  return peersBy(state, 'fetching', 'active');
}

/** The peer gave its state of that step to others or to the store: if it is damaged, so is what it gave. */
export function noteLent({ peers, replicas }: State, peer: string, globalStep: number): void {
  const { lentAt } = replicas;
  const workerId = peers.get(peer)?.workerId;
  if (workerId !== undefined) lentAt.set(workerId, Math.max(globalStep, lentAt.get(workerId) ?? 0));
}

/** Who gets the root of the step in progress. */
export function recipients(state: State): string[] {
  return members(state)
    .filter((peer) => peer.fromStep <= state.globalStep)
    .map(({ peer }) => peer);
}

/** Active, and level with the commits: can be leased slots of the step in progress. */
export function leasable(state: State): Peer[] {
  return peersBy(state, 'active').filter(({ lag }) => lag <= 1);
}
