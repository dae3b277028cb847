import { readFileSync } from 'node:fs';
import { loadConfig, runPaths } from '@ddpm-fleet/config';
import { note, print, printJson, printTable } from '../output.js';
import { pytorchDdpRates } from './pytorch.js';
import { scratchRun } from './scratchRun.js';
import { describeRound, median, ratios } from './statistics.js';
import { benchSettings } from './stepChild.js';

export interface FleetBenchRequest {
  readonly channels: number;
  /** Images a step, over all workers. */
  readonly images: number;
  readonly workers: number;
  readonly steps: number;
  readonly rounds: number;
  readonly pytorch?: string;
  readonly json?: boolean;
}

/** Images a second of each way to count, one number a round. */
type Rates = Record<string, number[]>;

const WHOLE = 'fleet, all steps and checkpoints';

/** Steps at the start that compile and settle. */
const SETTLING = 2;
const SLOT_BATCH = 16;

/** A local fleet, everything included, in turn with PyTorch's DistributedDataParallel over gloo. */
export async function benchFleet(request: FleetBenchRequest): Promise<void> {
  const rates: Rates = {};
  const add = (name: string, rate: number) => (rates[name] ??= []).push(rate);
  for (let round = 0; round < request.rounds; round++) {
    const times = await fleetStepTimes(request);
    const seconds = times.reduce((sum, time) => sum + time, 0);
    add(WHOLE, (request.images * times.length) / seconds);
    add('fleet, median step', request.images / median(times));
    if (request.pytorch) {
      const ddp = await pytorchDdp(request, request.pytorch);
      add('PyTorch DDP, median step', ddp.median);
      add('PyTorch DDP, best step', ddp.best);
    }
    note(`round ${round + 1} of ${request.rounds}: ${describeRound(rates)}`);
  }
  report(request, rates);
}

/** Seconds from commit to commit, as the journal of a run has them. */
function fleetStepTimes(request: FleetBenchRequest): Promise<number[]> {
  const config = loadConfig({ env: {}, set: settings(request) });
  return scratchRun(config, request.workers, (runDir) =>
    commitTimes(runPaths(runDir).journal).slice(SETTLING),
  );
}

/** Two checkpoints fall into the timed steps. */
function settings({ channels, images, steps }: FleetBenchRequest): string[] {
  const batch = Math.min(SLOT_BATCH, images / 2);
  return [
    ...benchSettings({ channels, batch, size: 32, imageChannels: 3 }),
    ...['data.kind=synthetic', `batch.numSlots=${images / batch}`, `train.steps=${steps + SETTLING + 1}`],
    ...[`checkpoint.everySteps=${Math.ceil(steps / 2)}`, 'samples.everySteps=0', 'log.heldOutEvery=0'],
  ];
}

function commitTimes(journal: string): number[] {
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  const commits = lines
    .map((line) => JSON.parse(line) as { kind: string; at: string })
    .filter(({ kind }) => kind === 'step')
    .map(({ at }) => Date.parse(at));
  return commits.slice(1).map((at, i) => (at - commits[i]!) / 1000);
}

function pytorchDdp({ channels, images, workers, steps }: FleetBenchRequest, python: string) {
  return pytorchDdpRates(python, [channels, images / workers, workers, steps]);
}

function report(request: FleetBenchRequest, rates: Rates): void {
  const { channels, images, workers, rounds } = request;
  const rows = Object.entries(rates).map(([name, values]) => ({
    name,
    imagesPerSecond: median(values),
    ratio: median(ratios(rates[WHOLE]!, values)),
  }));
  if (request.json) return printJson({ channels, images, workers, contenders: rows, rounds: rates });
  print(
    `UNet of ${channels} channels, 32x32x3, ${images} images a step, ${workers} workers of 1 thread; medians of ${rounds} rounds`,
  );
  printTable(
    ['', 'images/s', 'the fleet is'],
    rows.map(({ name, imagesPerSecond, ratio }) => [
      name,
      imagesPerSecond.toFixed(2),
      `${ratio.toFixed(2)}x`,
    ]),
  );
}
