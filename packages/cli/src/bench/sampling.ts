import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineEnvironment } from '@ddpm-fleet/engine';
import { exportDiffusers } from '@ddpm-fleet/inference';
import { note, print, printJson, printTable } from '../output.js';
import { BenchChild, PeerChild } from './child.js';
import { samplingModel, type SamplingModel } from './samplingModel.js';
import { median, ratios } from './statistics.js';

export interface SamplingBenchRequest extends SamplingModel {
  readonly batch: number;
  readonly threads: number;
  readonly rounds: number;
  /** Steps of each chain that are timed: all steps of a sampler cost the same. */
  readonly timed: number;
  /** Also op by op. */
  readonly eager?: boolean;
  readonly pytorch?: string;
  readonly json?: boolean;
}

const CHAINS = { ddpm: 1000, ddim: 50, dpmSolver: 20 } as const;
type Sampler = keyof typeof CHAINS;

type Contender = Pick<BenchChild, 'answer' | 'close'>;
type Rates = Record<string, Record<Sampler, number[]>>;

const OURS = 'ddpm-fleet';

/** Images a second of whole chains: ours, op by op and diffusers' in turn, from the same weights. */
export async function benchSampling(request: SamplingBenchRequest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ddpm-fleet-bench-'));
  const contenders = await start(request, folder);
  const rates: Rates = {};
  const idle: number[] = [];
  for (const name of contenders.keys()) rates[name] = { ddpm: [], ddim: [], dpmSolver: [] };
  try {
    // The first round warms both up.
    for (let round = 0; round <= request.rounds; round++) {
      for (const sampler of Object.keys(CHAINS) as Sampler[]) {
        for (const [name, contender] of contenders) {
          const rate = await measure(contender, sampler, request);
          if (round > 0) rates[name]![sampler].push(rate);
        }
      }
      idle.push(await contenders.get(OURS)!.answer<number>('idle'));
      note(`round ${round} of ${request.rounds}`);
    }
  } finally {
    for (const contender of contenders.values()) contender.close();
    await rm(folder, { recursive: true });
  }
  report(request, rates, median(idle.slice(1)));
}

async function start(request: SamplingBenchRequest, folder: string): Promise<Map<string, Contender>> {
  const { batch, threads, pytorch, eager } = request;
  const env = engineEnvironment({ threads });
  const own = (compiled: boolean) =>
    new BenchChild(['bench', 'sampling-child', JSON.stringify({ ...request, compiled })], env);
  const contenders = new Map<string, Contender>();
  contenders.set(OURS, own(true));
  if (eager) contenders.set('eager', own(false));
  if (pytorch) {
    await exportDiffusers(samplingModel(request), folder);
    const threadsOf = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
    const args = ['diffusers_sampling.py', folder, String(batch), String(threads)];
    contenders.set('diffusers', new PeerChild(pytorch, args, threadsOf));
  }
  for (const contender of contenders.values()) await contender.answer();
  return contenders;
}

async function measure(
  contender: Contender,
  sampler: Sampler,
  { timed, batch }: SamplingBenchRequest,
): Promise<number> {
  const steps = CHAINS[sampler];
  const run = Math.min(timed, steps);
  const seconds = await contender.answer<number>(`${sampler} ${steps} ${run}`);
  return batch / ((seconds / run) * steps);
}

/** @param idle seconds of a call that computes next to nothing */
function report(request: SamplingBenchRequest, rates: Rates, idle: number): void {
  const { batch, threads, timed, rounds } = request;
  const others = Object.keys(rates).filter((name) => name !== OURS);
  const rows = (Object.keys(CHAINS) as Sampler[]).map((sampler) => {
    const ours = rates[OURS]![sampler];
    const besides = others.map((name) => {
      const theirs = rates[name]![sampler];
      return { name, imagesPerSecond: median(theirs), ratio: median(ratios(ours, theirs)) };
    });
    const callShare = (idle * median(ours) * CHAINS[sampler]) / batch;
    return { sampler, steps: CHAINS[sampler], imagesPerSecond: median(ours), callShare, besides };
  });
  if (request.json) return printJson({ ...request, chains: rows, idleCallSeconds: idle, rounds: rates });
  print(
    `${modelOf(request)}, batch ${batch}, ${threads} thread(s), median of ${rounds} rounds of ${timed} steps, scaled to the chain`,
  );
  printTable(
    ['sampler', 'steps', 'images/s', 'the call itself', ...others.flatMap((name) => [name, 'ratio'])],
    rows.map(({ sampler, steps, imagesPerSecond, callShare, besides }) => [
      ...[sampler, steps, imagesPerSecond.toFixed(3), `${(100 * callShare).toFixed(2)} %`],
      ...besides.flatMap(({ imagesPerSecond: rate, ratio }) => [rate.toFixed(3), `${ratio.toFixed(2)}x`]),
    ]),
  );
}

function modelOf({ channels, config }: SamplingBenchRequest): string {
  return channels === undefined ? config : `${channels} channels, 32x32x3`;
}
