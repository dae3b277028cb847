import { abandonStep } from './abandon.js';
import { distrust, goodUntil } from './distrust.js';
import { expel } from './leaving.js';
import type { Peer } from './peer.js';
import { log, peersBy, type Turn } from './turn.js';

interface Claimed {
  readonly globalStep: number;
  readonly claims: ReadonlyMap<string, string>;
}

/**
 * Workers that loaded the same state say what it is, and nothing else is known of it: whoever was first may be the one
 * that is damaged. What most of them say holds, and the others load anew; where as many say the one as the other, both
 * sides do. Returns whether the claim stands.
 */
export function weighClaim(turn: Turn, peer: Peer, value: string, { globalStep, claims }: Claimed): boolean {
  const { state } = turn;
  const said = new Map([...claims, [peer.workerId, value]]);
  const votes = countsOf(said.values());
  const most = Math.max(...votes.values());
  const leaders = [...votes].filter(([, count]) => count === most).map(([leader]) => leader);
  const agreed = leaders.length === 1 ? leaders[0]! : null;
  const outvoted = new Set([...said].filter(([, claim]) => claim !== agreed).map(([worker]) => worker));
  for (const worker of outvoted) said.delete(worker);
  state.replicas.agreed = { globalStep, value: agreed, claims: said };
  if (outvoted.size > 0) sendBack(turn, outvoted, peer, globalStep);
  return !outvoted.has(peer.workerId);
}

/** Sums that they lent a hand to cannot be trusted. */
function sendBack(turn: Turn, outvoted: ReadonlySet<string>, newcomer: Peer, globalStep: number): void {
  const { state } = turn;
  const names = [...outvoted];
  const active = peersBy(state, 'active').filter(({ workerId }) => outvoted.has(workerId));
  const reason = `workers that loaded the state of step ${globalStep} hold different ones`;
  log(turn, 'error', `${reason}: ${names.join(', ')}`, { differing: names });
  for (const peer of outvoted.has(newcomer.workerId) ? [...active, newcomer] : active)
    expel(turn, peer, reason, true);
  if (active.length === 0) return;
  const trustedUntil = state.globalStep > globalStep ? goodUntil(state, names) : null;
  if (trustedUntil !== null) distrust(turn, names, trustedUntil);
  else if (state.round) abandonStep(turn, reason);
}

function countsOf(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
