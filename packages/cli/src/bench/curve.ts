import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { runPaths } from '@ddpm-fleet/config';
import { CLI, INSTALLATION } from '../launch/installation.js';
import { note, print, printJson, printTable } from '../output.js';
import { cpuSeconds } from './cpu.js';
import { median } from './statistics.js';

export interface CurveBenchRequest {
  readonly shapes: readonly Shape[];
  readonly rounds: number;
  readonly json?: boolean;
}

/** What is trained: by two workers with a thread each. */
export interface Shape {
  readonly name: string;
  readonly config: string;
  readonly set: readonly string[];
  /** Left out of the measurement: caches fill, clocks settle. */
  readonly warmSteps: number;
  readonly steps: number;
}

export const SHAPES: readonly Shape[] = [
  { name: 'quickstart', config: 'configs/quickstart.yaml', set: [], warmSteps: 20, steps: 120 },
  {
    name: 'cifar',
    config: 'configs/cifar10.yaml',
    // The batch that two cores can do: the gradient is that of the whole UNet however large the batch.
    set: [
      'data.kind=synthetic',
      'data.path=',
      'batch.globalBatchSize=16',
      'batch.numSlots=2',
      'batch.slotBatchSize=8',
    ],
    warmSteps: 2,
    steps: 8,
  },
];

/** One run: medians over its measured steps. */
interface Measured {
  readonly stepMs: number;
  /** Of a worker, neither in its slots nor in its update: waiting for the others and the wire. */
  readonly blockedMs: number;
  /** Of coordinator and workers together, a step. */
  readonly cpuSeconds: number;
}

/** Plain and encrypted runs in turn. Encrypted ones use the loopback interface, too: only CURVE differs. */
export async function benchCurve({ shapes, rounds, json }: CurveBenchRequest): Promise<void> {
  const results = [];
  for (const shape of shapes) {
    const measured: Record<'plain' | 'curve', Measured[]> = { plain: [], curve: [] };
    for (let round = 0; round < rounds; round++) {
      for (const kind of round % 2 ? (['curve', 'plain'] as const) : (['plain', 'curve'] as const)) {
        const one = await measure(shape, kind === 'curve');
        measured[kind].push(one);
        note(
          `${shape.name} ${kind}: step ${one.stepMs.toFixed(0)} ms, blocked ${one.blockedMs.toFixed(0)} ms, CPU ${one.cpuSeconds.toFixed(3)} s`,
        );
      }
    }
    results.push({ shape: shape.name, plain: summary(measured.plain), curve: summary(measured.curve) });
  }
  if (json) return printJson(results);
  print('Two workers, one thread each; a step, median:');
  printTable(
    ['shape', 'wire', 'step ms', 'blocked ms', 'of the step', 'CPU s'],
    results.flatMap(({ shape, plain, curve }) =>
      Object.entries({ plain, curve }).map(([kind, one]) => [
        ...[shape, kind, one.stepMs.toFixed(0), one.blockedMs.toFixed(0)],
        ...[`${((100 * one.blockedMs) / one.stepMs).toFixed(1)} %`, one.cpuSeconds.toFixed(3)],
      ]),
    ),
  );
}

function summary(all: readonly Measured[]): Measured {
  const of = (key: keyof Measured) => median(all.map((one) => one[key]));
  return { stepMs: of('stepMs'), blockedMs: of('blockedMs'), cpuSeconds: of('cpuSeconds') };
}

async function measure(shape: Shape, encrypted: boolean): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-bench-curve-'));
  const run = join(dir, 'run');
  const child = spawn(process.execPath, [CLI, ...launchArguments(shape, dir, encrypted)], {
    cwd: INSTALLATION,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const last = shape.warmSteps + shape.steps;
    const first = await whenAt(run, shape.warmSteps, child);
    const before = cpuSeconds(first.pids);
    const then = await whenAt(run, last - 1, child);
    const cpu = (cpuSeconds(first.pids) - before) / (then.globalStep - first.globalStep);
    return { ...workerTimes(run, first.globalStep, then.globalStep), cpuSeconds: cpu };
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

function launchArguments(shape: Shape, dir: string, encrypted: boolean): string[] {
  const set = [
    ...shape.set,
    ...['log.everySteps=1', 'log.heldOutEvery=0', 'checkpoint.everySteps=0', 'checkpoint.everySeconds=0'],
    ...['samples.everySteps=0', 'fleet.minWorkers=2', 'fleet.fingerprintEvery=0', 'fleet.graceSeconds=1'],
  ];
  return [
    ...['launch', shape.config, '--workers', '2', '--run-dir', join(dir, 'run')],
    ...['--steps', String(shape.warmSteps + shape.steps + 1000)],
    ...(encrypted ? ['--keys', join(dir, 'keys')] : []),
    ...set.flatMap((pair) => ['--set', pair]),
  ];
}

interface Seen {
  readonly globalStep: number;
  readonly pids: readonly number[];
}

async function whenAt(run: string, step: number, child: { exitCode: number | null }): Promise<Seen> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('the measured run ended early');
    const seen = look(run);
    if (seen && seen.globalStep >= step) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function look(run: string): Seen | undefined {
  try {
    const live = JSON.parse(readFileSync(runPaths(run).live, 'utf8')) as {
      pid: number;
      globalStep: number;
      workers: { pid: number }[];
    };
    return { globalStep: live.globalStep, pids: [live.pid, ...live.workers.map(({ pid }) => pid)] };
  } catch {
    return undefined;
  }
}

/** From what the workers log about each step that they applied. */
function workerTimes(run: string, from: number, to: number): Pick<Measured, 'stepMs' | 'blockedMs'> {
  const lines = [0, 1].flatMap((k) =>
    readFileSync(join(runPaths(run).logs, `worker-${k}.ndjson`), 'utf8').split('\n'),
  );
  const times = lines
    .filter((line) => line.includes('"applied"') && line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<'globalStep' | 'stepMs' | 'slotsMs' | 'applyMs', number>)
    .filter(({ globalStep }) => globalStep > from && globalStep <= to);
  return {
    stepMs: median(times.map(({ stepMs }) => stepMs)),
    blockedMs: median(times.map(({ stepMs, slotsMs, applyMs }) => stepMs - slotsMs - applyMs)),
  };
}
