import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';

const PEERS = fileURLToPath(new URL('../../../../../test/bench/peers/', import.meta.url));
const run = promisify(execFile);

type Args = readonly (string | number)[];

/**
 * Best images a second of one training step in PyTorch.
 * @throws DDPM_ERR_BENCH_PYTORCH when that Python cannot run it
 */
export async function pytorchRate(python: string, args: Args, threads: number): Promise<number> {
  return Number(/img\/s ([\d.]+)/.exec(await runPeer(python, 'torch_unet_step.py', args, threads))?.[1]);
}

/**
 * Images a second of the fastest and of the median step of DistributedDataParallel, one thread a process.
 * @throws DDPM_ERR_BENCH_PYTORCH when that Python cannot run it
 */
export async function pytorchDdpRates(python: string, args: Args): Promise<{ best: number; median: number }> {
  const text = await runPeer(python, 'torch_ddp_step.py', args, 1);
  const [, fastest, median, best] = /min ([\d.]+) med ([\d.]+) img\/s ([\d.]+)/.exec(text)!.map(Number);
  return { best: best!, median: (best! * fastest!) / median! };
}

async function runPeer(python: string, script: string, args: Args, threads: number): Promise<string> {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
  try {
    const { stdout } = await run(python, [`${PEERS}${script}`, ...args.map(String)], { env });
    return stdout;
  } catch (cause) {
    const detail = (cause as Error).message.trim().split('\n').at(-1);
    throw fleetError('DDPM_ERR_BENCH_PYTORCH', { python, detail }, { cause });
  }
}
