import { loadConfig } from '@ddpm-fleet/config';
import { engineEnvironment } from '@ddpm-fleet/engine';
import { unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import { note, print, printJson, printTable } from '../output.js';
import { BenchChild } from './child.js';
import { forwardFlops } from './flops.js';
import { pytorchRate } from './pytorch.js';
import { describeRound, median, ratios } from './statistics.js';
import { benchSettings, type StepChildRequest } from './stepChild.js';

export interface StepBenchRequest extends Omit<StepChildRequest, 'contender'> {
  readonly rounds: number;
  readonly eager: boolean;
  readonly pytorch?: string;
  readonly json?: boolean;
}

const STEPS_A_ROUND = 3;
const PYTORCH_MODES = ['eager', 'cl'] as const;

/** Images a second of each contender, one number a round: the best step of the round. */
type Rates = Record<string, number[]>;

/** Runs the contenders in turn, round by round, and prints best, median and the ratio of each pair. */
export async function benchStep(request: StepBenchRequest): Promise<void> {
  const children = await startChildren(request);
  const rates: Rates = {};
  const gemm: number[] = [];
  for (let round = 0; round < request.rounds; round++) {
    for (const [name, child] of children) {
      const times = await child.answer<number[]>(`step ${STEPS_A_ROUND}`);
      (rates[name] ??= []).push(request.batch / Math.min(...times));
    }
    gemm.push(await children.get('compiled')!.answer<number>('gemm'));
    if (request.pytorch) await pytorchRound(request, request.pytorch, rates);
    note(`round ${round + 1} of ${request.rounds}: ${describeRound(rates)}`);
  }
  for (const child of children.values()) child.close();
  report(request, rates, Math.max(...gemm));
}

async function startChildren(request: StepBenchRequest): Promise<Map<string, BenchChild>> {
  const env = engineEnvironment({ threads: request.threads });
  const children = new Map<string, BenchChild>();
  for (const [name, contender] of Object.entries(contenders(request))) {
    const args = ['bench', 'step-child', JSON.stringify({ ...request, contender })];
    const child = new BenchChild(args, contender === 'plain' ? untuned(env) : env);
    note(`${name}: preparing`);
    await child.answer();
    children.set(name, child);
  }
  return children;
}

/** Who writes plain tfjs has the system's allocator as it is. */
function untuned(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('MALLOC_')));
}

function contenders({ eager }: StepBenchRequest): Record<string, StepChildRequest['contender']> {
  return { compiled: 'compiled', ...(eager && { eager: 'eager', 'plain tfjs': 'plain' }) };
}

async function pytorchRound(request: StepBenchRequest, python: string, rates: Rates): Promise<void> {
  for (const mode of PYTORCH_MODES) {
    const { channels, batch, size, imageChannels } = request;
    const args = [channels, batch, mode, STEPS_A_ROUND, size, imageChannels];
    const rate = await pytorchRate(python, args, request.threads);
    (rates[mode === 'cl' ? 'pytorch channels-last' : 'pytorch'] ??= []).push(rate);
  }
}

function report(request: StepBenchRequest, rates: Rates, gemm: number): void {
  const config = loadConfig({ env: {}, set: benchSettings(request) });
  const specs = unetParams(unetConfigOf(config, { size: request.size, channels: request.imageChannels }));
  const flops = 3 * forwardFlops(specs, request.size);
  const rows = Object.entries(rates).map(([name, values]) => {
    const best = Math.max(...values);
    return {
      name,
      best,
      median: median(values),
      ratio: median(ratios(rates['compiled']!, values)),
      gflops: (best * flops) / 1e9,
      ofGemm: (best * flops) / gemm,
    };
  });
  if (request.json) {
    return printJson({
      threads: request.threads,
      compiledImagesPerSecond: rows.find(({ name }) => name === 'compiled')?.best,
      eagerImagesPerSecond: rows.find(({ name }) => name === 'eager')?.best,
      gemmGflops: gemm / 1e9,
      contenders: rows,
      rounds: rates,
    });
  }
  print(
    `UNet of ${request.channels} channels, ${request.size}x${request.size}x${request.imageChannels}, batch ${request.batch}, ${request.threads} thread(s); sgemm ${(gemm / 1e9).toFixed(0)} GFLOP/s`,
  );
  printTable(
    ['step', 'images/s best', 'median', 'compiled is', 'GFLOP/s', 'of sgemm'],
    rows.map((row) => [
      row.name,
      row.best.toFixed(2),
      row.median.toFixed(2),
      `${row.ratio.toFixed(2)}x`,
      row.gflops.toFixed(0),
      row.ofGemm.toFixed(2),
    ]),
  );
}
