import { nodeKey } from '@ddpm-fleet/core';
import { Dtype, FrameKind, type PartialHeader, type PartialImagesHeader } from '@ddpm-fleet/protocol';
import type { EventOf } from './events.js';
import { finishUnit } from './leases.js';
import type { Peer } from './peer.js';
import type { Round, State } from './state.js';
import { log, recipients, type Turn } from './turn.js';
import type { Unit } from './units.js';

/** A part of a subtree's sum. */
type PartHeader = PartialHeader | PartialImagesHeader;

/**
 * Takes a part of a subtree's sum into the step, or says why not. A part is taken once: from the worker that holds
 * the lease, under the generation of the lease. Everything else is late, repeated or from another life.
 */
export function takePartial(turn: Turn, peer: Peer, header: PartHeader): void {
  const { state } = turn;
  const refusal = refusalOf(state, peer, header);
  if (refusal !== null) {
    log(turn, 'debug', `dropped a partial sum: ${refusal}`, { worker: peer.workerId, ...describe(header) });
    return;
  }
  const round = state.round!;
  const unit = round.units.get(nodeKey(header))!;
  take(unit, partOf(state, header), peer.workerId);
  turn.effects.push({ type: 'reduce', node: unit.node });
  if (unit.openParts === 0) finishUnit(state, round, unit, peer);
}

/** Invariant 4: why the part does not count, or null. */
function refusalOf(state: State, peer: Peer, header: PartHeader): string | null {
  const { round } = state;
  if (!round || round.globalStep !== header.globalStep) return `step ${header.globalStep} is not in progress`;
  const unit = round.units.get(nodeKey(header));
  if (!unit) return 'no such subtree is leased';
  if (unit.owner !== peer.peer || unit.generation !== header.generation)
    return 'the lease is not the worker’s (any more)';
  const part = partOf(state, header);
  const count = expectedCount(state, unit, header);
  if (count === undefined) return `there is no part ${part}`;
  if (count !== header.count) return `${header.count} elements instead of ${count}`;
  return unit.taken[part] ? 'it is here already' : null;
}

/** Buckets are parts 0 to n - 1, the image records part n. */
function partOf({ options }: State, header: PartHeader): number {
  return header.kind === FrameKind.partialImages ? options.bucketSizes.length : header.bucket;
}

function expectedCount({ options }: State, unit: Unit, header: PartHeader): number | undefined {
  if (header.kind === FrameKind.partialImages) return (unit.end - unit.start) * options.slotBatchSize;
  return header.dtype === Dtype[options.wireDtype] ? options.bucketSizes[header.bucket] : undefined;
}

function take(unit: Unit, part: number, workerId: string): void {
  unit.taken[part] = 1;
  unit.openParts--;
  // The last one is who finished it.
  const at = unit.contributors.indexOf(workerId);
  if (at >= 0) unit.contributors.splice(at, 1);
  unit.contributors.push(workerId);
}

/** A bucket of the root is out: every member gets it at once. */
export function takeRootBucket(turn: Turn, event: EventOf<'rootBucket'>): void {
  const { round } = turn.state;
  if (!round || round.round !== event.round || round.buckets[event.bucket]) return;
  round.buckets[event.bucket] = { sha256: event.sha256, sumSquares: event.sumSquares };
  round.openBuckets--;
  sendRoot(turn, recipients(turn.state), [event.bucket], false);
}

export function takeRootImages(turn: Turn, event: EventOf<'rootImages'>): void {
  const { round } = turn.state;
  if (!round || round.round !== event.round || round.images) return;
  const [first] = event.bad;
  const bad = first
    ? `the loss of ${event.bad.length} images is not finite, first position ${first.position} (slot ${first.slot}, t ${first.t}) of ${workerOf(round, first.slot)}`
    : null;
  round.images = { meanLoss: event.meanLoss, bins: event.bins, bad };
  sendRoot(turn, recipients(turn.state), [], true);
}

export function takeBadPartial(turn: Turn, event: EventOf<'badPartial'>): void {
  const { round } = turn.state;
  if (!round || round.round !== event.round || round.badPartial !== null) return;
  const unit = round.units.get(event.node);
  const slots = unit ? `slots ${unit.start} to ${unit.end - 1}` : `node ${event.node}`;
  const workers = unit?.contributors.join(' and ') ?? 'an unknown worker';
  round.badPartial = `bucket ${event.bucket} of the gradient of ${slots} of ${workers} is not finite`;
}

/** What is out of the root of the step in progress, for a member that comes in the middle of it. */
export function sendRootSoFar(turn: Turn, peer: string): void {
  const { round } = turn.state;
  if (!round) return;
  const done = round.buckets.flatMap((bucket, i) => (bucket ? [i] : []));
  sendRoot(turn, [peer], done, round.images !== null);
}

function sendRoot(turn: Turn, to: string[], buckets: number[], images: boolean): void {
  if (to.length === 0 || (buckets.length === 0 && !images)) return;
  const { generation, globalStep } = turn.state;
  turn.effects.push({ type: 'sendRoot', to, generation, globalStep, buckets, images });
}

function workerOf(round: Round, slot: number): string {
  const unit = [...round.units.values()].find(({ start, end }) => start <= slot && slot < end);
  return unit?.contributors.join(' and ') ?? 'an unknown worker';
}

function describe(header: PartHeader): Readonly<Record<string, unknown>> {
  const { kind, globalStep, generation, level, index } = header;
  const bucket = header.kind === FrameKind.partial ? header.bucket : undefined;
  return { kind, globalStep, generation, node: `${level}/${index}`, bucket };
}
