import { chaosRun, type ChaosReport } from './chaos.js';
import { INJURIES } from './injuries.js';
import { INVARIANTS } from './invariants.js';

/** What many runs came to. Counts by name. */
export interface Totals {
  runs: number;
  events: number;
  commits: number;
  readonly faults: Record<string, number>;
  readonly checks: Record<string, number>;
}

export interface Failure {
  readonly seed: number;
  readonly message: string;
}

export interface BatchOptions {
  readonly first: number;
  /** Seeds are first, first + stride, ... */
  readonly stride: number;
  readonly events: number;
  readonly seeds: number;
  readonly steps: number;
  /** Told now and then. */
  readonly onTotals?: (totals: Totals) => void;
}

const TELL_MS = 5000;

export function noTotals(): Totals {
  const zero = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));
  const network = [
    'connections broken',
    'frames repeated',
    'frames overtaken',
    'messages held back by a cut',
    'messages delayed',
  ];
  return {
    runs: 0,
    events: 0,
    commits: 0,
    faults: zero([...INJURIES, ...network]),
    checks: zero(INVARIANTS),
  };
}

/** Runs seeds until so many events were handled, or one fails. */
export async function runBatch(options: BatchOptions): Promise<{ totals: Totals; failure?: Failure }> {
  const { first, stride, seeds, events, steps, onTotals } = options;
  const totals = noTotals();
  let toldAt = performance.now();
  for (let i = 0; i < seeds && totals.events < events; i++) {
    const seed = first + i * stride;
    // A simulation lets nothing but promises run: now is the turn of whatever else there is.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      count(totals, await chaosRun(seed, { steps }));
    } catch (error) {
      return { totals, failure: { seed, message: (error as Error).message } };
    }
    if (performance.now() - toldAt < TELL_MS) continue;
    toldAt = performance.now();
    onTotals?.(totals);
  }
  return { totals };
}

function count(totals: Totals, { events, commits, injuries, checks, network }: ChaosReport): void {
  totals.runs++;
  totals.events += events;
  totals.commits += commits;
  const { broken, duplicated, overtaken, heldBack, messages } = network;
  add(totals.faults, injuries);
  add(totals.faults, {
    'connections broken': broken,
    'frames repeated': duplicated,
    'frames overtaken': overtaken,
    'messages held back by a cut': heldBack,
    'messages delayed': messages,
  });
  add(totals.checks, checks);
}

export function add(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) into[name] = (into[name] ?? 0) + value;
}

export function addTotals(into: Totals, { runs, events, commits, faults, checks }: Totals): void {
  into.runs += runs;
  into.events += events;
  into.commits += commits;
  add(into.faults, faults);
  add(into.checks, checks);
}
