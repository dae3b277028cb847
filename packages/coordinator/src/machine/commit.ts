import type { StepEntry } from './effects.js';
import { beginFingerprints, fingerprintDue } from './fingerprints.js';
import { HISTORY } from './recovery.js';
import type { Round, State } from './state.js';
import { explain, recipients, type Turn } from './turn.js';
import { forgive } from './stragglers.js';
import type { Unit } from './units.js';

/** Everything of the step has come and been summed. */
export function isComplete(round: Round): boolean {
  return round.openUnits === 0 && round.openBuckets === 0 && round.images !== null;
}

/** Why the step must not be applied, or null. */
export function nonFiniteReason(round: Round): string | null {
  if (round.images?.bad) return round.images.bad;
  if (round.badPartial !== null) return round.badPartial;
  const bucket = round.buckets.findIndex((one) => !Number.isFinite(one!.sumSquares));
  return bucket < 0 ? null : `bucket ${bucket} of the summed gradient is not finite`;
}

/**
 * Invariants 1 to 3. Makes the step stand: the journal's line is written, then the commit goes out.
 * @param skipped why its root is not applied, or null
 */
export function commitStep(turn: Turn, skipped: string | null): void {
  const { state } = turn;
  const round = state.round!;
  const entry = entryOf(state, round, skipped);
  const to = recipients(state);
  forgive(state);
  noteContributors(state, round);
  state.round = null;
  state.globalStep++;
  state.losses.train = entry.loss;
  const fingerprint = fingerprintDue(state);
  if (fingerprint) beginFingerprints(state);
  const { generation } = state;
  const message = {
    type: 'STEP_COMMIT',
    generation,
    globalStep: entry.globalStep,
    skipped: skipped !== null,
    fingerprint,
  } as const;
  turn.effects.push({ type: 'commit', entry, to, message });
  const { loss, gradNorm, ms } = entry;
  const workers = [...state.peers.values()].filter(({ status }) => status === 'active').length;
  turn.effects.push({
    type: 'observe',
    metrics: { globalStep: state.globalStep, loss, gradNorm, ms, workers },
  });
  explain(turn, 'training');
}

/** The journal has the line that took the state to a step. */
export function rememberLine(state: State, globalStep: number, hash: string): void {
  state.journal.history.set(globalStep, hash);
  if (state.journal.history.size <= HISTORY) return;
  const [oldest] = state.journal.history.keys();
  state.journal.history.delete(oldest!);
}

function entryOf(state: State, round: Round, skipped: string | null): StepEntry {
  const images = state.options.numSlots * state.options.slotBatchSize;
  const squares = round.buckets.reduce((sum, bucket) => sum + bucket!.sumSquares, 0);
  const units = [...round.units.values()].toSorted((a, b) => a.start - b.start);
  const also = units.flatMap((unit) =>
    unit.contributors.slice(0, -1).map((worker) => [unit.start, unit.end, worker] as const),
  );
  return {
    kind: 'step',
    globalStep: round.globalStep,
    generation: state.generation,
    slots: joined(units),
    ...(also.length > 0 && { also }),
    buckets: round.buckets.map((bucket) => bucket!.sha256),
    loss: round.images!.meanLoss,
    gradNorm: Math.sqrt(squares) / images,
    bins: round.images!.bins,
    ...(skipped !== null && { skipped }),
    ms: Math.round(state.now - round.startedAt),
  };
}

/** Neighbouring units of one worker as one run. */
function joined(units: readonly Unit[]): [number, number, string][] {
  const runs: [number, number, string][] = [];
  for (const { start, end, contributors } of units) {
    const worker = contributors.at(-1)!;
    const last = runs.at(-1);
    if (last?.[2] === worker) last[1] = end;
    else runs.push([start, end, worker]);
  }
  return runs;
}

function noteContributors(state: State, round: Round): void {
  for (const { contributors } of round.units.values())
    for (const worker of contributors) state.replicas.lentAt.set(worker, round.globalStep);
}
