import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { parseLine, type JournalLine } from '@ddpm-fleet/coordinator';
import { costsOf, distribution, medianStepMs, type Cost, type Distribution } from './costs.js';
import type { Injury } from './injury.js';
import { TARGETS, type Target } from './schedule.js';

export interface TargetReport {
  readonly target: Target;
  readonly count: number;
  /** Milliseconds until the coordinator knew. */
  readonly detectionMs?: Distribution;
  /** Milliseconds until the next commit after that. */
  readonly nextCommitMs?: Distribution;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<Target, number>>;
  /** Processes that got SIGKILL. */
  readonly killed: { readonly workers: number; readonly coordinators: number };
  readonly stepsCommitted: number;
  readonly rewinds: number;
  readonly medianStepMs?: number;
  readonly targets: readonly TargetReport[];
  /** Workers hit while another one worked and the coordinator lived. */
  readonly survivable: {
    readonly count: number;
    readonly detectionMs?: Distribution;
    readonly nextCommitMs?: Distribution;
    /** From the coordinator's knowledge to the next commit. */
    readonly afterDetectionMs?: Distribution;
  };
  readonly injuries: readonly Cost[];
}

export function report(
  seed: number,
  seconds: number,
  injuries: readonly Injury[],
  lines: readonly JournalLine[],
): ChaosReport {
  const costs = costsOf(injuries, lines);
  const count = (target: Target): number => injuries.filter((one) => one.target === target).length;
  const median = medianStepMs(lines);
  const victims = (...targets: Target[]): number =>
    injuries
      .filter(({ target }) => targets.includes(target))
      .reduce((sum, one) => sum + one.victims.length, 0);
  return {
    seed,
    seconds,
    counts: Object.fromEntries(TARGETS.map((target) => [target, count(target)])) as Record<Target, number>,
    killed: { workers: victims('worker', 'all'), coordinators: victims('coordinator') },
    stepsCommitted: lines.filter(({ kind }) => kind === 'step').length,
    rewinds: lines.filter(({ kind }) => kind === 'rewind').length,
    ...(median !== undefined && { medianStepMs: median }),
    targets: TARGETS.filter((target) => count(target) > 0).map((target) => ({
      target,
      count: count(target),
      ...timesOf(costs.filter(({ injury }) => injury.target === target)),
    })),
    survivable: survivable(costs.filter(({ counts }) => counts)),
    injuries: costs,
  };
}

function survivable(costs: readonly Cost[]): ChaosReport['survivable'] {
  const after = costs.flatMap(({ detectionMs, nextCommitMs }) =>
    nextCommitMs === undefined || detectionMs === undefined ? [] : [nextCommitMs - detectionMs],
  );
  const afterDetectionMs = distribution(after);
  return { count: costs.length, ...timesOf(costs), ...(afterDetectionMs && { afterDetectionMs }) };
}

function timesOf(costs: readonly Cost[]): Pick<TargetReport, 'detectionMs' | 'nextCommitMs'> {
  const known = (key: 'detectionMs' | 'nextCommitMs') =>
    distribution(costs.map((cost) => cost[key]).filter((ms) => ms !== undefined));
  const [detectionMs, nextCommitMs] = [known('detectionMs'), known('nextCommitMs')];
  return { ...(detectionMs && { detectionMs }), ...(nextCommitMs && { nextCommitMs }) };
}

/** Where the journal ends now. */
export function journalSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whole lines that were added after `from` bytes. */
export function linesSince(path: string, from: number): JournalLine[] {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    readSync(file, bytes, 0, bytes.length, from);
    const texts = bytes.toString('utf8').split('\n').slice(0, -1);
    return texts.map(parseLine).filter((line) => typeof line !== 'string');
  } finally {
    closeSync(file);
  }
}
