import { join } from 'node:path';
import { activeWorkers, document, inBackground, journal, live, until, type Background } from './fleet.js';
import type { Campaign, Plan } from './plan.js';

export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `ddpm-fleet chaos --json` prints, as far as it is needed. */
export interface ChaosReport {
  readonly counts: {
    readonly worker: number;
    readonly coordinator: number;
    readonly stop: number;
    readonly all: number;
  };
  readonly killed: { readonly workers: number; readonly coordinators: number };
  readonly medianStepMs: number;
  readonly injuries: readonly {
    readonly injury: { readonly target: string; readonly globalStep: number };
    readonly detectionMs?: number;
    readonly nextCommitMs?: number;
    readonly counts: boolean;
  }[];
}

const CONFIG = 'configs/marathon.yaml';
const JOINER = 'joiner-';
/** Of a machine that does other things as well. */
const PATIENCE_MS = 180_000;

/** Trains until all campaigns are over, then ends the run in order. */
export async function disturbedRun(
  dir: string,
  plan: Plan,
  say: (text: string) => void,
): Promise<ChaosReport[]> {
  const run = inBackground(
    ['launch', CONFIG, '--run-dir', dir, '--workers', `1:${plan.workers}`],
    `${dir}.log`,
  );
  const joiners = new Joiners(dir, plan);
  try {
    const alive = (): boolean => run.child.exitCode === null;
    await until('all workers are active', () => !alive() || activeWorkers(dir) === plan.workers, PATIENCE_MS);
    joiners.begin();
    const reports: ChaosReport[] = [];
    for (const [k, campaign] of plan.campaigns.entries()) {
      reports.push(await injure(dir, plan.seed + k, campaign));
      say(told(reports.at(-1)!, dir));
    }
    await until('all joiners', () => !alive() || joined(dir) >= plan.least.joins, PATIENCE_MS);
    // A run whose workers are all dead has no state to save: the last fault may have been that.
    const hurtAt = live(dir)?.globalStep ?? 0;
    await until('the run goes on', () => !alive() || goesOn(dir, hurtAt), PATIENCE_MS);
    run.child.kill('SIGTERM');
    const code = await run.exited;
    if (code !== 0) throw new Error(`launch ended with ${code}; see ${run.log}`);
    return reports;
  } finally {
    joiners.end();
    run.child.kill('SIGTERM');
  }
}

function goesOn(dir: string, hurtAt: number): boolean {
  return (live(dir)?.globalStep ?? 0) > hurtAt && activeWorkers(dir) > 0;
}

/** How many workers from outside were let in. */
export function joined(dir: string): number {
  const ids = journal(dir).flatMap(({ kind, worker }) => (kind === 'joined' ? [worker!] : []));
  return new Set(ids.filter((id) => id.startsWith(JOINER))).size;
}

async function injure(
  dir: string,
  seed: number,
  { targets, faults, killEvery }: Campaign,
): Promise<ChaosReport> {
  const how = [
    '--seed',
    seed,
    '--targets',
    targets,
    '--faults',
    faults,
    '--kill-every',
    killEvery,
    '--for',
    '4h',
  ];
  return document<ChaosReport>(['chaos', dir, ...how.map(String)]);
}

function told({ killed, counts }: ChaosReport, dir: string): string {
  const step = live(dir)?.globalStep ?? 0;
  return `step ${step}: killed ${killed.workers} workers and ${killed.coordinators} coordinators, stopped ${counts.stop}`;
}

/** Workers that come from outside, one at a time; chaos kills them like all others, and nobody starts them again. */
class Joiners {
  readonly #dir: string;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #current: Background | undefined;
  #started = 0;

  constructor(dir: string, { joinEveryMs }: Plan) {
    this.#dir = dir;
    this.#everyMs = joinEveryMs;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#join(), this.#everyMs);
  }

  /** The one that is left would wait for another coordinator. */
  end(): void {
    clearInterval(this.#timer);
    this.#current?.child.kill('SIGTERM');
  }

  #join(): void {
    if (this.#current && this.#current.child.exitCode === null && this.#current.child.signalCode === null)
      return;
    const id = `${JOINER}${this.#started++}`;
    const log = join(this.#dir, 'logs', `${id}.ndjson`);
    this.#current = inBackground(['worker', '--run-dir', this.#dir, '--id', id], log);
  }
}
