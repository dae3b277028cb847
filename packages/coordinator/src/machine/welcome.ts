import type { StateSource } from '@ddpm-fleet/protocol';
import { sendRootSoFar } from './reduction.js';
import type { Peer } from './peer.js';
import type { State } from './state.js';
import { peersBy, send, type Turn } from './turn.js';

/** Peers that said HELLO on both planes and are not members. */
export function candidates(state: State): Peer[] {
  return peersBy(state, 'waiting').filter(({ attached }) => attached !== null);
}

/** Lets in everyone who can get the current state without anybody's help. */
export function admitAll(turn: Turn): void {
  for (const peer of candidates(turn.state)) admit(turn, peer);
}

/** Lets a candidate in if the state of the current step is the seed's, a checkpoint's or its own. */
export function admit(turn: Turn, peer: Peer): void {
  const { state } = turn;
  const source = holdsCurrent(state, peer)
    ? ({ from: 'held', globalStep: state.globalStep } as const)
    : standingSource(state);
  if (source) welcome(turn, peer, source);
}

/** Lets the peer in; it gets every root from the state's step on, and what is out of the present one. */
export function welcome(turn: Turn, peer: Peer, source: StateSource): void {
  const { state } = turn;
  peer.status = 'fetching';
  peer.source = source.from;
  peer.delivered = false;
  peer.fromStep = source.globalStep;
  send(turn, peer.peer, { type: 'WELCOME', generation: state.generation, state: source });
  if (source.globalStep === state.globalStep) sendRootSoFar(turn, peer.peer);
}

function standingSource({ origin, globalStep }: State): StateSource | null {
  const { source, sourceStep } = origin;
  if (!source || sourceStep !== globalStep) return null;
  if (source.from === 'seed') return { from: 'seed', globalStep: 0 };
  return { from: 'checkpoint', globalStep, location: source.location, digest: source.digest };
}

export function holdsCurrent(state: State, peer: Peer): boolean {
  return peer.held?.globalStep === state.globalStep && isOurs(state, peer);
}

/** Whether what the peer holds was made by the commits of this journal. */
export function isOurs({ journal: { history } }: State, { held }: Peer): boolean {
  if (!held) return false;
  return held.globalStep === 0 ? held.lineHash === null : history.get(held.globalStep) === held.lineHash;
}
