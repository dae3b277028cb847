import type { MessageOf } from '@ddpm-fleet/protocol';
import { abandonStep } from './abandon.js';
import { expel } from './leaving.js';
import { weighClaim } from './claims.js';
import { distrust, goodUntil } from './distrust.js';
import type { Peer } from './peer.js';
import type { FingerprintRound, State } from './state.js';
import { journal, log, peersBy, type Turn } from './turn.js';

/** Every so many steps, and of the last step: what is wrong in the end would stay wrong. */
export function fingerprintDue({ options, globalStep, replicas }: State): boolean {
  const { fingerprintEvery, steps } = options;
  if (fingerprintEvery === 0) return false;
  return globalStep === steps || (globalStep % fingerprintEvery === 0 && replicas.fingerprints === null);
}

export function beginFingerprints(state: State): void {
  const expected = new Set(peersBy(state, 'active').map(({ peer }) => peer));
  state.replicas.fingerprints = { globalStep: state.globalStep, expected, values: new Map() };
}

/** A worker that has just got its state must have the one that others were seen to have at that step. */
export function checkFirstFingerprint(
  turn: Turn,
  peer: Peer,
  { globalStep, fingerprint }: MessageOf<'READY'>,
): boolean {
  const { replicas } = turn.state;
  if (fingerprint === null) return true;
  const { agreed } = replicas;
  if (agreed?.globalStep === globalStep && agreed.claims)
    return weighClaim(turn, peer, fingerprint, { globalStep, claims: agreed.claims });
  if (unlikeAgreed(turn, peer, globalStep, fingerprint) !== null) return false;
  // Only a state that does not come from another replica says what all should have.
  const isFresh = (peer.source === 'seed' || peer.source === 'checkpoint') && globalStep === peer.fromStep;
  const isOpen = !agreed || (agreed.globalStep === globalStep && agreed.value === null);
  if (isFresh && isOpen)
    replicas.agreed = { globalStep, value: fingerprint, claims: new Map([[peer.workerId, fingerprint]]) };
  return true;
}

/** Whether the state that a worker is about to give away is what all had when they were last compared, if that is known. */
export function checkGivenState(
  turn: Turn,
  peer: Peer,
  { globalStep, fingerprint }: MessageOf<'STATE'>,
): boolean {
  const reason = unlikeAgreed(turn, peer, globalStep, fingerprint);
  if (reason !== null && turn.state.round) abandonStep(turn, reason);
  return reason === null;
}

/** Expels a worker whose state is not what all agreed on at that step. Returns why, or null. */
function unlikeAgreed(turn: Turn, peer: Peer, globalStep: number, fingerprint: string | null): string | null {
  const { agreed } = turn.state.replicas;
  if (agreed?.globalStep !== globalStep || agreed.value === null || agreed.value === fingerprint) return null;
  const reason = `its state at step ${globalStep} is ${fingerprint}, the others have ${agreed.value}`;
  log(turn, 'error', `${peer.workerId} is not like the others: ${reason}`, { worker: peer.workerId });
  expel(turn, peer, reason, true);
  return reason;
}

/** Returns whether all have said what they have. */
export function onFingerprint(
  turn: Turn,
  peer: Peer,
  { globalStep, value }: MessageOf<'FINGERPRINT'>,
): boolean {
  const round = turn.state.replicas.fingerprints;
  if (!round || round.globalStep !== globalStep || !round.expected.has(peer.peer)) return false;
  round.values.set(peer.peer, value);
  return isComplete(round);
}

function isComplete({ values, expected }: FingerprintRound): boolean {
  return values.size >= expected.size;
}

/**
 * Once all replicas have said what they have, those in the minority are dropped and heal; if one of them may have lent
 * a hand since the last time all agreed, the run goes back to before that: what it sent was averaged in.
 */
export function compareFingerprints(turn: Turn): void {
  const { state } = turn;
  const round = state.replicas.fingerprints;
  if (!round || !isComplete(round)) return;
  state.replicas.fingerprints = null;
  if (round.expected.size === 0) return;
  const { globalStep } = round;
  const { value, differing } = majority(round);
  if (value !== null && differing.length === 0) {
    journal(turn, { kind: 'fingerprint', globalStep, value, differing: [] });
    agree(state, globalStep, value);
    return;
  }
  const names = differing.map((peer) => state.peers.get(peer)!.workerId);
  const trustedUntil = goodUntil(state, names);
  journal(turn, {
    kind: 'fingerprint',
    globalStep,
    value: value ?? 'none',
    differing: names,
    ...(trustedUntil !== null && { trustedUntil }),
  });
  log(turn, 'error', `replicas differ after step ${globalStep}: ${names.join(', ')}`, { differing: names });
  for (const peer of differing)
    expel(turn, state.peers.get(peer)!, 'its replica differs from the others', true);
  if (trustedUntil !== null) return distrust(turn, names, trustedUntil);
  // They did no harm, so the majority has what all should have: a state that is given away is held against it.
  if (value !== null) agree(state, globalStep, value);
  // Parts of the step in progress may have come from them before they were found out.
  if (state.round) abandonStep(turn, `replicas differ: ${names.join(', ')}`);
}

function agree(state: State, globalStep: number, value: string): void {
  state.replicas.agreed = { globalStep, value };
  // What was lent to later steps is not covered: the replica may have been damaged after it was looked at.
  for (const [worker, step] of state.replicas.lentAt)
    if (step < globalStep) state.replicas.lentAt.delete(worker);
}

/** The value that more than half have, and who has another one: everybody, if there is no such value. */
function majority({ expected, values }: FingerprintRound): { value: string | null; differing: string[] } {
  const counts = new Map<string, number>();
  for (const value of values.values()) counts.set(value, (counts.get(value) ?? 0) + 1);
  const value = [...counts].find(([, count]) => count * 2 > expected.size)?.[0] ?? null;
  return { value, differing: [...expected].filter((peer) => values.get(peer) !== value) };
}
