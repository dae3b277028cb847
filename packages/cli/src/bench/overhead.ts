import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, runPaths, type RunConfig } from '@ddpm-fleet/config';
import { note, print, printJson, printTable } from '../output.js';
import { scratchRun } from './scratchRun.js';
import { median } from './statistics.js';

export interface OverheadBenchRequest {
  readonly config: string;
  readonly workers: number;
  readonly steps: number;
  readonly rounds: number;
  readonly json?: boolean;
}

/** Steps at the start that compile and settle. */
const SETTLING = 2;

/** Milliseconds a step, the median of all; CPU time is summed over processes. */
export interface Overhead {
  readonly stepMs: number;
  /** Slots and updates of all workers. */
  readonly computeCpuMs: number;
  readonly machineMs: number;
  readonly journalMs: number;
  readonly digestMs: number;
  /** Of one comparison, of one worker. */
  readonly fingerprintMs: number;
  /** Steps between comparisons, as the config has it. */
  readonly fingerprintEvery: number;
  readonly workers: number;
}

interface Line {
  readonly msg: string;
  readonly globalStep: number;
  readonly ms: number;
  readonly costs: { readonly machineMs: number; readonly journalMs: number; readonly digestMs: number };
  readonly slotsMs: number;
  readonly applyMs: number;
  readonly fingerprintMs: number;
}

/**
 * What it costs that the run is exact and survives: leases, journal, digests and fingerprints, beside the training
 * itself, in the processes of a real local fleet. The images are made up, in the config's shape.
 */
export async function benchOverhead(request: OverheadBenchRequest): Promise<void> {
  const config = loadConfig({ file: request.config, env: {} });
  const set = settings(config, request.steps);
  const [lines, pairs]: [Line[], Pair[]] = [[], []];
  for (let round = 0; round < request.rounds; round++) {
    const withAll = await linesOf(request, set);
    const without = await linesOf(request, [...set, ...WITHOUT]);
    lines.push(...withAll);
    pairs.push([stepMsOf(withAll), stepMsOf(without)]);
    note(
      `round ${round + 1} of ${request.rounds}: a step takes ${pairs.at(-1)!.map(Math.round).join(' ms, without digests ')} ms`,
    );
  }
  report(request, overheadOf(lines, config.fleet.fingerprintEvery, request.workers), pairs);
}

/** Milliseconds a step: with digests, and without. */
type Pair = readonly [withAll: number, without: number];

const WITHOUT = ['fleet.digestEvery=0'];

function linesOf({ config, workers }: OverheadBenchRequest, set: readonly string[]): Promise<Line[]> {
  return scratchRun(loadConfig({ file: config, env: {}, set }), workers, readLogs);
}

function stepMsOf(lines: readonly Line[]): number {
  return median(
    lines.filter(({ msg, globalStep }) => msg === 'step' && globalStep > SETTLING).map(({ ms }) => ms),
  );
}

/** Every step is logged and every other one compared, for their price: comparisons are rare in the config. */
function settings({ data }: RunConfig, steps: number): string[] {
  return [
    ...['data.kind=synthetic', `data.size=${data.size || 32}`, 'data.heldOut=0', 'log.everySteps=1'],
    ...[`train.steps=${steps + SETTLING + 1}`, 'fleet.fingerprintEvery=2'],
    ...['checkpoint.everySteps=0', 'samples.everySteps=0', 'log.heldOutEvery=0'],
  ];
}

function readLogs(runDir: string): Line[] {
  const { logs } = runPaths(runDir);
  return (
    readdirSync(logs)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(logs, name), 'utf8').trimEnd().split('\n'))
      // Libraries write warnings of their own into the same files.
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
  );
}

/** @param lines of the logs of the coordinator and all workers, at every step */
export function overheadOf(lines: readonly Line[], fingerprintEvery: number, workers: number): Overhead {
  const settled = lines.filter(({ globalStep }) => globalStep > SETTLING);
  const steps = settled.filter(({ msg }) => msg === 'step');
  const applied = settled.filter(({ msg }) => msg === 'applied');
  const compared = applied.map(({ fingerprintMs }) => fingerprintMs).filter((ms) => ms > 0);
  const of = (cost: keyof Line['costs']): number => median(steps.map(({ costs }) => costs[cost]));
  return {
    stepMs: stepMsOf(lines),
    computeCpuMs: median(applied.map(({ slotsMs, applyMs }) => slotsMs + applyMs)) * workers,
    machineMs: of('machineMs'),
    journalMs: of('journalMs'),
    digestMs: of('digestMs'),
    fingerprintMs: compared.length > 0 ? median(compared) : 0,
    fingerprintEvery,
    workers,
  };
}

/** CPU time over all processes, and time that a step is longer by, as shares of the training itself. */
export function sharesOf(overhead: Overhead): { cpu: number; blocked: number } {
  const { stepMs, computeCpuMs, machineMs, journalMs, digestMs, fingerprintEvery, workers } = overhead;
  const fingerprintMs = fingerprintEvery > 0 ? overhead.fingerprintMs / fingerprintEvery : 0;
  const central = machineMs + journalMs + digestMs;
  return {
    cpu: (central + workers * fingerprintMs) / computeCpuMs,
    blocked: (central + fingerprintMs) / stepMs,
  };
}

function report(
  { config, steps, json }: OverheadBenchRequest,
  overhead: Overhead,
  pairs: readonly Pair[],
): void {
  const shares = sharesOf(overhead);
  const longer = median(pairs.map(([withAll, without]) => withAll / without)) - 1;
  if (json) {
    const found = { cpuShare: shares.cpu, blockedShare: shares.blocked, longerShare: longer };
    return printJson({ config, steps, ...overhead, ...found, stepMsPairs: pairs });
  }
  const { stepMs, computeCpuMs, machineMs, journalMs, digestMs, fingerprintMs, fingerprintEvery } = overhead;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const row = (name: string, ms: number, times = 1) => [
    name,
    ms.toFixed(2),
    percent((ms * times) / computeCpuMs),
    percent(ms / stepMs),
  ];
  const { workers } = overhead;
  print(
    `${config}, ${workers} workers, medians of ${steps} steps: a step takes ${stepMs.toFixed(0)} ms, its training ${computeCpuMs.toFixed(0)} ms of CPU`,
  );
  printTable(
    ['', 'ms a step', 'of CPU time', 'of the step’s time'],
    [
      row('leases and membership', machineMs),
      row('journal', journalMs),
      row('digests', digestMs),
      row(
        `fingerprints, one in ${fingerprintEvery} steps (${fingerprintMs.toFixed(2)} ms each)`,
        fingerprintEvery > 0 ? fingerprintMs / fingerprintEvery : 0,
        workers,
      ),
      ['together', '', percent(shares.cpu), percent(shares.blocked)],
    ],
  );
  print(
    `The last column counts all that the coordinator does as if workers waited for it. By the clock a step is longer by ${percent(longer)} than without digests (median of ${pairs.length} pairs).`,
  );
}
