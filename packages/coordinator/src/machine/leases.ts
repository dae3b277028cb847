import { apportion, layRuns, makespan } from './apportion.js';
import type { Peer, Round, State } from './state.js';
import { explain, leasable, log, send, type Turn } from './turn.js';
import { split, unitKey, unitsOf, type Unit } from './units.js';

/** A new plan must be this much faster than the one in use: workers prefetch the slots that they expect. */
const WORTH_CHANGING = 0.9;
/** A worker that gets no slots is thought a little faster each step, until it is tried again. */
const FORGIVENESS = 0.97;
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
      give(state, unit, peer.peer);
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
  const old = state.plan;
  if (old && old.peers.length === peers.length && old.peers.every((peer, i) => peer === peers[i])) {
    const oldSizes = old.runs.map(({ start, end }) => end - start);
    if (makespan(sizes, costs) > WORTH_CHANGING * makespan(oldSizes, costs)) return old;
  }
  state.plan = { peers, runs: layRuns(numSlots, sizes), costs };
  return state.plan;
}

/** Milliseconds a slot; workers not measured yet are taken to be like the others. */
function costsOf(workers: readonly Peer[]): number[] {
  const known = workers.filter(({ slotMs }) => slotMs > 0);
  const mean = known.reduce((sum, { slotMs }) => sum + slotMs, 0) / known.length || 1;
  return workers.map(({ slotMs }) => slotMs || mean);
}

function give(state: State, unit: Unit, peer: string): void {
  unit.owner = peer;
  unit.generation = state.generation;
  unit.leasedAt = state.now;
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
    give(state, unit, worker.peer);
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
function loads(round: Round, workers: readonly Peer[]): Map<Peer, number> {
  const slots = openSlots(round);
  return new Map(workers.map((worker) => [worker, (slots.get(worker.peer) ?? 0) * (worker.slotMs || 1)]));
}

/** Slots that each worker has been leased and not finished. */
export function openSlots(round: Round): Map<string, number> {
  const slots = new Map<string, number>();
  for (const { owner, start, end, openParts } of round.units.values()) {
    if (owner !== null && openParts > 0) slots.set(owner, (slots.get(owner) ?? 0) + end - start);
  }
  return slots;
}

/** Takes back what a worker was leased and has not finished. */
export function revoke(round: Round, peer: string): Unit[] {
  const units = [...round.units.values()].filter((unit) => unit.owner === peer && unit.openParts > 0);
  for (const unit of units) unit.owner = null;
  round.leasedAt.delete(peer);
  return units;
}

/** A worker has finished all that it was leased: notes how fast it was. */
export function measure(state: State, round: Round, peer: Peer): void {
  const lease = round.leasedAt.get(peer.peer);
  if (!lease) return;
  const ms = Math.max(state.now - lease.at, 0.01);
  const slotMs = ms / lease.slots;
  peer.slotMs = peer.slotMs === 0 ? slotMs : peer.slotMs + SMOOTHING * (slotMs - peer.slotMs);
}

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
  const busy = openSlots(round);
  if (leasable(state).every(({ peer }) => busy.has(peer))) return;
  for (const [peer, slots] of busy) {
    const since = Math.min(...ownedBy(round, peer).map(({ leasedAt }) => leasedAt));
    const elapsed = state.now - since;
    if (elapsed <= allowance(state, round, peer, slots)) continue;
    takeFrom(turn, round, peer, elapsed / slots);
    return;
  }
}

/**
 * Milliseconds that a lease of so many slots may take: a multiple of what the others, or the worker itself, usually
 * need. Without limit while nobody has been timed.
 */
function allowance(state: State, round: Round, peer: string, slots: number): number {
  const { stragglerFactor, heartbeatMs } = state.options;
  const others = leasable(state).filter((one) => one.peer !== peer && one.slotMs > 0);
  if (others.length === 0) return Infinity;
  const usual = Math.max(medianOf(others.map(({ slotMs }) => slotMs)), state.peers.get(peer)!.slotMs);
  return Math.max(slots * usual, 4 * heartbeatMs) * stragglerFactor * round.patience;
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

function ownedBy(round: Round, peer: string): Unit[] {
  return [...round.units.values()].filter((unit) => unit.owner === peer && unit.openParts > 0);
}
