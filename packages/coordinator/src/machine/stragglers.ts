import { leaseOrphans, revoke } from './leases.js';
import type { Peer } from './peer.js';
import type { Round, State } from './state.js';
import { explain, leasable, log, send, type Turn } from './turn.js';

/** A worker that gets no slots is thought a little faster each step, until it is tried again. */
const FORGIVENESS = 0.97;
/** What a lease may take before anybody has been timed: a first step compiles, but a worker that hangs in it must not stop a fleet. */
const UNTIMED_MS = 120_000;

/** Gives workers that were too slow for any slot another chance, in time. */
export function forgive(state: State): void {
  const { round } = state;
  if (!round) return;
  const workers = leasable(state);
  const median = medianOf(workers.map(({ slotMs }) => slotMs));
  for (const peer of workers) {
    if (!round.leasedAt.has(peer.peer) && peer.slotMs > 1.5 * median) peer.slotMs *= FORGIVENESS;
  }
}

/** Takes slots from a worker that is far slower than the rest, if another one is idle. */
export function releaseStragglers(turn: Turn): void {
  const { state } = turn;
  const { round } = state;
  if (!round || round.openUnits === 0) return;
  const workers = leasable(state);
  if (workers.every(({ peer }) => round.owed.has(peer))) return;
  const speeds = sortedSpeeds(workers);
  for (const [peer, since] of oldestLeases(round)) {
    const slots = round.owed.get(peer)!;
    const elapsed = state.now - since;
    if (elapsed <= allowance(state, speeds, state.peers.get(peer)!, slots)) continue;
    takeFrom(turn, round, peer, elapsed / slots);
    return;
  }
}

/** When each worker that owes something was leased the oldest of it. */
function oldestLeases(round: Round): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const { owner, leasedAt, openParts } of round.units.values()) {
    if (owner === null || openParts === 0) continue;
    oldest.set(owner, Math.min(oldest.get(owner) ?? Infinity, leasedAt));
  }
  return oldest;
}

/**
 * Milliseconds that a lease of so many slots may take: a multiple of what the others, or the worker itself, usually
 * need.
 * @param speeds of all workers, ascending
 */
function allowance(state: State, speeds: readonly number[], peer: Peer, slots: number): number {
  const { stragglerFactor, heartbeatMs } = state.options;
  const own = speeds.indexOf(peer.slotMs);
  const others = own < 0 ? speeds.length : speeds.length - 1;
  if (others === 0) return UNTIMED_MS * state.round!.patience;
  const middle = others >> 1;
  const median = speeds[own < 0 || middle < own ? middle : middle + 1]!;
  const usual = Math.max(median, peer.slotMs);
  return Math.max(slots * usual, 4 * heartbeatMs) * stragglerFactor * state.round!.patience;
}

/** Milliseconds a slot, of those that were timed. */
function sortedSpeeds(workers: readonly Peer[]): number[] {
  const timed = workers.map(({ slotMs }) => slotMs).filter((slotMs) => slotMs > 0);
  return timed.sort((a, b) => a - b);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function takeFrom(turn: Turn, round: Round, peer: string, slotMs: number): void {
  const { state } = turn;
  const worker = state.peers.get(peer)!;
  worker.slotMs = Math.max(worker.slotMs, slotMs);
  const units = revoke(round, peer);
  round.patience *= 2;
  const runs = units.map(({ start, end }) => ({ start, end }));
  const reason = `${worker.workerId} is far slower than the rest`;
  send(turn, peer, {
    type: 'STEP_ABORT',
    generation: state.generation,
    globalStep: round.globalStep,
    runs,
    reason,
  });
  log(turn, 'warn', `${reason}; its slots go to others`, {
    worker: worker.workerId,
    globalStep: round.globalStep,
    runs,
  });
  explain(turn, `step ${round.globalStep}: ${reason}`);
  leaseOrphans(turn, peer);
}
