import { apportion, layRuns, makespan } from './apportion.js';
import type { Peer } from './peer.js';
import type { Round, State } from './state.js';
import { leasable, send, type Turn } from './turn.js';
import { split, unitKey, unitsOf, type Unit } from './units.js';

/** A new plan must be this much faster than the one in use: workers prefetch the slots that they expect. */
const WORTH_CHANGING = 0.9;
/** Share of a new measurement in a worker's speed. */
const SMOOTHING = 0.3;

/** Cuts the step into runs for the leasable workers and sends them. */
export function leaseStep(turn: Turn): void {
  const { state } = turn;
  const round = state.round!;
  const workers = leasable(state);
  const { peers, runs } = planFor(state, workers);
  for (const [i, run] of runs.entries()) {
    if (run.start === run.end) continue;
    const peer = state.peers.get(peers[i]!)!;
    const units = unitsOf(state.options.numSlots, state.options.bucketSizes.length + 1, run.start, run.end);
    for (const unit of units) {
      round.units.set(unitKey(unit), unit);
      give(state, round, unit, peer.peer);
    }
    round.leasedAt.set(peer.peer, { at: state.now, slots: run.end - run.start });
    send(turn, peer.peer, {
      type: 'STEP_BEGIN',
      generation: state.generation,
      globalStep: round.globalStep,
      runs: [run],
    });
  }
  round.openUnits = round.units.size;
}

function planFor(
  state: State,
  workers: readonly Peer[],
): { peers: string[]; runs: { start: number; end: number }[] } {
  const { numSlots } = state.options;
  const peers = workers.map(({ peer }) => peer);
  const costs = costsOf(workers);
  const sizes = apportion(numSlots, costs);
  const old = state.leases.plan;
  if (old && old.peers.length === peers.length && old.peers.every((peer, i) => peer === peers[i])) {
    const oldSizes = old.runs.map(({ start, end }) => end - start);
    if (makespan(sizes, costs) > WORTH_CHANGING * makespan(oldSizes, costs)) return old;
  }
  state.leases.plan = { peers, runs: layRuns(numSlots, sizes), costs };
  return state.leases.plan;
}

/** Milliseconds a slot; workers not measured yet are taken to be like the others. */
function costsOf(workers: readonly Peer[]): number[] {
  const known = workers.filter(({ slotMs }) => slotMs > 0);
  const mean = known.reduce((sum, { slotMs }) => sum + slotMs, 0) / known.length || 1;
  return workers.map(({ slotMs }) => slotMs || mean);
}

function give(state: State, round: Round, unit: Unit, peer: string): void {
  unit.owner = peer;
  unit.generation = state.generation;
  unit.leasedAt = state.now;
  round.owed.set(peer, (round.owed.get(peer) ?? 0) + unit.end - unit.start);
}

/** Units that nobody computes. */
function orphans(round: Round): Unit[] {
  return [...round.units.values()].filter((unit) => unit.openParts > 0 && unit.owner === null);
}

/** Leases what nobody computes to those who will be done first; several workers share what can be split. */
export function leaseOrphans(turn: Turn, except?: string): void {
  const { state } = turn;
  const { round } = state;
  if (!round) return;
  const workers = leasable(state).filter(({ peer }) => peer !== except);
  let units = orphans(round);
  if (units.length === 0 || workers.length === 0) return;
  units = splitFor(state, round, units, workers.length);
  const load = loads(round, workers);
  const runs = new Map<string, { start: number; end: number }[]>();
  for (const unit of units.toSorted((a, b) => b.end - b.start - (a.end - a.start))) {
    const worker = workers.reduce((best, one) => (load.get(one)! < load.get(best)! ? one : best));
    load.set(worker, load.get(worker)! + (unit.end - unit.start) * (worker.slotMs || 1));
    give(state, round, unit, worker.peer);
    round.leasedAt.set(worker.peer, null);
    runs.set(worker.peer, [...(runs.get(worker.peer) ?? []), { start: unit.start, end: unit.end }]);
  }
  for (const [peer, given] of runs) {
    send(turn, peer, {
      type: 'STEP_BEGIN',
      generation: state.generation,
      globalStep: round.globalStep,
      runs: given,
    });
  }
}

/** Splits the largest units until there is one for each worker, or only single slots are left. */
function splitFor(state: State, round: Round, units: Unit[], workers: number): Unit[] {
  let parts = units;
  while (parts.length < workers) {
    const largest = parts.reduce((best, unit) =>
      unit.end - unit.start > best.end - best.start ? unit : best,
    );
    const children = split(state.options.numSlots, largest);
    if (children.length === 1) break;
    round.units.delete(unitKey(largest));
    for (const child of children) round.units.set(unitKey(child), child);
    round.openUnits += children.length - 1;
    parts = [...parts.filter((unit) => unit !== largest), ...children];
  }
  return parts;
}

/** Milliseconds of work that each worker still has. */
function loads({ owed }: Round, workers: readonly Peer[]): Map<Peer, number> {
  return new Map(workers.map((worker) => [worker, (owed.get(worker.peer) ?? 0) * (worker.slotMs || 1)]));
}

/** Takes back what a worker was leased and has not finished. */
export function revoke(round: Round, peer: string): Unit[] {
  const units = [...round.units.values()].filter((unit) => unit.owner === peer && unit.openParts > 0);
  for (const unit of units) unit.owner = null;
  round.owed.delete(peer);
  round.leasedAt.delete(peer);
  return units;
}

/** The unit's last part has come from the worker that was leased it. */
export function finishUnit(state: State, round: Round, unit: Unit, peer: Peer): void {
  round.openUnits--;
  const owed = round.owed.get(peer.peer)! - (unit.end - unit.start);
  if (owed > 0) {
    round.owed.set(peer.peer, owed);
    return;
  }
  round.owed.delete(peer.peer);
  measure(state, round, peer);
}

/** A worker has finished all that it was leased: notes how fast it was. */
function measure(state: State, round: Round, peer: Peer): void {
  const lease = round.leasedAt.get(peer.peer);
  if (!lease) return;
  const ms = Math.max(state.now - lease.at, 0.01);
  const slotMs = ms / lease.slots;
  peer.slotMs = peer.slotMs === 0 ? slotMs : peer.slotMs + SMOOTHING * (slotMs - peer.slotMs);
}
