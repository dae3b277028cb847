import type { ChaosReport, Distribution } from './disturbed.js';
import type { Plan } from './plan.js';

export interface Audited {
  readonly ok: boolean;
  readonly globalStep: number;
  readonly positions: number;
  readonly rewinds: number;
  readonly recomputed: number;
  readonly recomputedEqual: number;
  readonly coordinatorStarts: number;
}

export interface Evidence {
  readonly plan: Plan;
  readonly reports: readonly ChaosReport[];
  /** Workers that came from outside and were let in. */
  readonly joins: number;
  readonly audit: Audited;
  readonly digests: { readonly disturbed: string; readonly undisturbed: string };
}

export interface Verdict {
  /** [what, how much, what it must be]. */
  readonly rows: readonly (readonly [string, string, string, boolean])[];
  readonly holds: boolean;
}

/** Everything that a marathon must show, each with what was found. */
export function judge({ plan, reports, joins, audit, digests }: Evidence): Verdict {
  const sum = (pick: (report: ChaosReport) => number): number =>
    reports.reduce((all, one) => all + pick(one), 0);
  const { least } = plan;
  const atLeast = (what: string, count: number, wanted: number) =>
    [what, String(count), `>= ${wanted}`, count >= wanted] as const;
  const rows = [
    atLeast(
      'workers killed with -9',
      sum(({ killed }) => killed.workers),
      least.workers,
    ),
    atLeast(
      'coordinators killed with -9',
      sum(({ killed }) => killed.coordinators),
      least.coordinators,
    ),
    atLeast(
      'workers stopped (SIGSTOP)',
      sum(({ counts }) => counts.stop),
      least.stops,
    ),
    atLeast('workers that joined from outside', joins, least.joins),
    atLeast(
      'moments with no worker alive',
      sum(({ counts }) => counts.all),
      least.momentsWithoutWorker,
    ),
    atLeast('coordinator lives', audit.coordinatorStarts, least.coordinators + 1),
    ['steps', String(audit.globalStep), '', true] as const,
    ['rewinds', String(audit.rewinds), '', true] as const,
    [
      'steps computed again, with the same digest',
      `${audit.recomputedEqual} of ${audit.recomputed}`,
      'all',
      audit.recomputedEqual === audit.recomputed,
    ] as const,
    ['audit', audit.ok ? 'passes' : 'fails', 'passes', audit.ok] as const,
    [
      'digest',
      digests.disturbed.slice(0, 16),
      digests.undisturbed.slice(0, 16),
      digests.disturbed === digests.undisturbed,
    ] as const,
    ...times(reports, plan.holdsTimes),
  ];
  return { rows, holds: rows.every(([, , , holds]) => holds) };
}

/** Of workers that were lost while another one worked and the coordinator lived. */
function times(reports: readonly ChaosReport[], holds: boolean): Verdict['rows'] {
  const costs = reports.flatMap(({ injuries }) => injuries).filter(({ counts }) => counts);
  const stepMs = Math.max(...reports.map(({ medianStepMs }) => medianStepMs ?? 0));
  const detection = distribution(costs.map(({ detectionMs }) => detectionMs!));
  const after = distribution(
    costs.map(({ detectionMs, nextCommitMs }) => (nextCommitMs ?? Infinity) - detectionMs!),
  );
  const coordinator = distribution(
    reports
      .flatMap(({ injuries }) => injuries)
      .filter(({ injury }) => injury.target === 'coordinator')
      .map(({ nextCommitMs }) => nextCommitMs ?? Infinity),
  );
  return [
    ['median step', `${stepMs} ms`, '', true],
    ['noticed, p50 / p99 / max', told(detection), 'p99 <= 2000 ms', detection.p99 <= 2000],
    [
      'commit after that, p50 / p99 / max',
      told(after),
      `p99 <= ${3 * stepMs} ms`,
      !holds || after.p99 <= 3 * stepMs,
    ],
    ['commit after a coordinator’s death, p50 / p99 / max', told(coordinator), '', true],
  ];
}

function told({ count, p50, p99, max }: Distribution): string {
  return `${p50} / ${p99} / ${max} ms (${count})`;
}

function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
