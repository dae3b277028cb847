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
  readonly pytorch?: string;
  readonly json?: boolean;
}

const CHAINS = { ddpm: 1000, ddim: 50, dpmSolver: 20 } as const;
type Sampler = keyof typeof CHAINS;

type Contender = Pick<BenchChild, 'answer' | 'close'>;
type Rates = Record<string, Record<Sampler, number[]>>;

/** Images a second of whole chains, ours and diffusers' in turn, from the same weights. */
export async function benchSampling(request: SamplingBenchRequest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ddpm-fleet-bench-'));
  const contenders = await start(request, folder);
  const rates: Rates = {};
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
      note(`round ${round} of ${request.rounds}`);
    }
  } finally {
    for (const contender of contenders.values()) contender.close();
    await rm(folder, { recursive: true });
  }
  report(request, rates);
}

async function start(request: SamplingBenchRequest, folder: string): Promise<Map<string, Contender>> {
  const { batch, threads, pytorch } = request;
  const env = engineEnvironment({ threads });
  const contenders = new Map<string, Contender>();
  contenders.set('ddpm-fleet', new BenchChild(['bench', 'sampling-child', JSON.stringify(request)], env));
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

function report(request: SamplingBenchRequest, rates: Rates): void {
  const rows = (Object.keys(CHAINS) as Sampler[]).map((sampler) => {
    const [ours, theirs] = [rates['ddpm-fleet']![sampler], rates['diffusers']?.[sampler]];
    return {
      ...{ sampler, steps: CHAINS[sampler], imagesPerSecond: median(ours) },
      ...(theirs && { diffusers: median(theirs), ratio: median(ratios(ours, theirs)) }),
    };
  });
  if (request.json) return printJson({ ...request, chains: rows, rounds: rates });
  const { channels, config, batch, threads, timed, rounds } = request;
  const model = channels === undefined ? config : `${channels} channels, 32x32x3`;
  print(
    `${model}, batch ${batch}, ${threads} thread(s), median of ${rounds} rounds of ${timed} steps, scaled to the chain`,
  );
  printTable(
    ['sampler', 'steps', 'images/s', 'diffusers', 'ratio'],
    rows.map((row) => [
      ...[row.sampler, row.steps, row.imagesPerSecond.toFixed(3)],
      ...[row.diffusers?.toFixed(3) ?? '-', row.ratio ? `${row.ratio.toFixed(2)}x` : '-'],
    ]),
  );
}
