import type { JournalLine } from '@ddpm-fleet/coordinator';
import { median } from '../bench/statistics.js';
import type { Injury } from './injury.js';

/** What one injury cost, as the journal tells it. */
export interface Cost {
  readonly injury: Injury;
  /** Until the coordinator knew; of its own death, until its successor was there. Absent where it never had to. */
  readonly detectionMs?: number;
  /** Until the next commit after that. Absent where none came. */
  readonly nextCommitMs?: number;
  /** A member was hit while another one worked, and nothing else was until the next commit. */
  readonly counts: boolean;
}

export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Moments {
  readonly steps: readonly number[];
  readonly starts: readonly number[];
  readonly left: readonly { readonly at: number; readonly worker: string }[];
  readonly joined: readonly { readonly at: number; readonly worker: string }[];
}

/** @param lines of the journal, from before the first injury on */
export function costsOf(injuries: readonly Injury[], lines: readonly JournalLine[]): Cost[] {
  const moments = momentsOf(lines);
  const ends = injuries.map((injury) => endOf(injury, moments));
  return injuries.map((injury, i) => {
    const { detectedAt, commitAt } = ends[i]!;
    const isAlone = !injuries.some(
      (other, k) =>
        other !== injury && other.at < (commitAt ?? Infinity) && (ends[k]!.commitAt ?? Infinity) > injury.at,
    );
    const isWorker = injury.target === 'worker' || injury.target === 'stop';
    return {
      injury,
      ...(detectedAt !== undefined && { detectionMs: detectedAt - injury.at }),
      ...(commitAt !== undefined && { nextCommitMs: commitAt - injury.at }),
      counts: isWorker && detectedAt !== undefined && isAlone && isSurvived(injury, moments),
    };
  });
}

/** Whether a worker was left that the coordinator had not just given up (after a long stop). */
function isSurvived({ at, othersActive }: Injury, { left, joined }: Moments): boolean {
  return othersActive.some((id) => {
    const last = (moments: Moments['left']) =>
      moments.findLast((one) => one.worker === id && one.at <= at)?.at ?? -Infinity;
    return last(left) <= last(joined);
  });
}

function momentsOf(lines: readonly JournalLine[]): Moments {
  const at = (line: JournalLine): number => Date.parse(line.at);
  return {
    steps: lines.filter(({ kind }) => kind === 'step').map(at),
    starts: lines.filter(({ kind }) => kind === 'start').map(at),
    left: lines.flatMap((line) => (line.kind === 'left' ? [{ at: at(line), worker: line.worker }] : [])),
    joined: lines.flatMap((line) => (line.kind === 'joined' ? [{ at: at(line), worker: line.worker }] : [])),
  };
}

function endOf(injury: Injury, { steps, starts, left }: Moments): { detectedAt?: number; commitAt?: number } {
  const after = (moments: readonly number[], from: number) => moments.find((at) => at >= from);
  const detectedAt =
    injury.target === 'coordinator'
      ? after(starts, injury.at)
      : lastSeenGone(injury, left, after(starts, injury.at));
  const commitAt = after(steps, detectedAt ?? injury.at);
  return {
    ...(detectedAt !== undefined && { detectedAt }),
    ...(commitAt !== undefined && { commitAt }),
  };
}

/**
 * When the coordinator knew of the last of those members. A worker that went on before anybody missed it was never
 * lost, and one that a coordinator never met is not missed by it: what comes later has another cause.
 */
function lastSeenGone(
  { at, victims, target, stopMs = 0 }: Injury,
  left: Moments['left'],
  newCoordinatorAt = Infinity,
): number | undefined {
  const until = Math.min(newCoordinatorAt, target === 'stop' ? at + stopMs : Infinity);
  const seen = victims
    .filter(({ wasActive }) => wasActive)
    .map(({ id }) => left.find((one) => one.worker === id && one.at >= at && one.at <= until)?.at);
  const known = seen.filter((moment) => moment !== undefined);
  return known.length > 0 && known.length === seen.length ? Math.max(...known) : undefined;
}

export function distribution(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (q: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
  return { count: sorted.length, p50: quantile(0.5), p99: quantile(0.99), max: sorted.at(-1)! };
}

/** Of the steps in these lines, as the coordinator timed them. */
export function medianStepMs(lines: readonly JournalLine[]): number | undefined {
  const ms = lines.flatMap((line) => (line.kind === 'step' ? [line.ms] : []));
  return ms.length > 0 ? median(ms) : undefined;
}
