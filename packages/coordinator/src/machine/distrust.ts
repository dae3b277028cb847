import { startGathering } from './gather.js';
import type { State } from './state.js';
import { distrustAfter } from './trust.js';
import { members, type Turn } from './turn.js';

/** The step after which nothing can be trusted when these workers are wrong; null: they did no harm. */
export function goodUntil({ replicas }: State, names: readonly string[]): number | null {
  const { agreed, lentAt, donatedAt, knownFrom } = replicas;
  const step = agreed?.globalStep ?? 0;
  const isHarmless = knownFrom <= step && donatedAt < step && !names.some((name) => lentAt.has(name));
  return isHarmless ? null : step;
}

/** Goes back to that step: what came after it was made with sums of these workers. */
export function distrust(turn: Turn, names: readonly string[], trustedUntil: number): void {
  const { state } = turn;
  for (const peer of members(state)) peer.held = null;
  state.round = null;
  state.origin.source = null;
  // Never more than was trusted before: what an earlier damage left in the store is still there.
  state.replicas.trust = distrustAfter(state.replicas.trust, trustedUntil);
  state.replicas.distrustedTransfers = state.transfers.count;
  state.checkpoint.lastStep = -1;
  startGathering(
    turn,
    `sums of ${names.join(', ')} since step ${trustedUntil} cannot be trusted`,
    0,
    trustedUntil,
  );
}
