import type { MessageOf } from '@ddpm-fleet/protocol';
import { expel } from './leaving.js';
import { startGathering } from './gather.js';
import type { FingerprintRound, Peer } from './state.js';
import { journal, log, members, type Turn } from './turn.js';

/** A worker that has just got its state must have the one that others were seen to have at that step. */
export function checkFirstFingerprint(
  turn: Turn,
  peer: Peer,
  { globalStep, fingerprint }: MessageOf<'READY'>,
): boolean {
  const { state } = turn;
  if (fingerprint === null) return true;
  if (state.agreed?.globalStep === globalStep && state.agreed.value !== fingerprint) {
    const reason = `its state at step ${globalStep} is ${fingerprint}, the others have ${state.agreed.value}`;
    log(turn, 'error', `${peer.workerId} is not like the others: ${reason}`, { worker: peer.workerId });
    expel(turn, peer, reason, true);
    return false;
  }
  if (!state.agreed) state.agreed = { globalStep, value: fingerprint };
  return true;
}

export function onFingerprint(turn: Turn, peer: Peer, { globalStep, value }: MessageOf<'FINGERPRINT'>): void {
  const round = turn.state.fingerprints;
  if (!round || round.globalStep !== globalStep || !round.expected.includes(peer.peer)) return;
  round.values.set(peer.peer, value);
}

/**
 * Once all replicas have said what they have, those in the minority are dropped and heal; if one of them lent a hand
 * since the last time all agreed, the run goes back to before that: what it sent was averaged in.
 */
export function compareFingerprints(turn: Turn): void {
  const { state } = turn;
  const round = state.fingerprints;
  if (!round || round.values.size < round.expected.length) return;
  state.fingerprints = null;
  if (round.expected.length === 0) return;
  const { value, differing } = majority(round);
  const names = differing.map((peer) => state.peers.get(peer)!.workerId);
  journal(turn, {
    kind: 'fingerprint',
    globalStep: round.globalStep,
    value: value ?? 'none',
    differing: names,
  });
  if (value !== null && differing.length === 0) {
    state.agreed = { globalStep: round.globalStep, value };
    state.contributed.clear();
    return;
  }
  log(turn, 'error', `replicas differ after step ${round.globalStep}: ${names.join(', ')}`, {
    differing: names,
  });
  heal(turn, differing, names);
}

function heal(turn: Turn, differing: readonly string[], names: readonly string[]): void {
  const { state } = turn;
  const tainted = names.some((name) => state.contributed.has(name));
  for (const peer of differing)
    expel(turn, state.peers.get(peer)!, 'its replica differs from the others', true);
  if (!tainted) return;
  const goodUntil = state.agreed?.globalStep ?? 0;
  for (const peer of members(state)) peer.held = null;
  state.round = null;
  state.source = null;
  startGathering(turn, `sums of ${names.join(', ')} since step ${goodUntil} cannot be trusted`, 0, goodUntil);
}

/** The value that more than half have, and who has another one: everybody, if there is no such value. */
function majority({ expected, values }: FingerprintRound): { value: string | null; differing: string[] } {
  const counts = new Map<string, number>();
  for (const value of values.values()) counts.set(value, (counts.get(value) ?? 0) + 1);
  const value = [...counts].find(([, count]) => count * 2 > expected.length)?.[0] ?? null;
  return { value, differing: expected.filter((peer) => values.get(peer) !== value) };
}
