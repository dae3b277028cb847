import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';

const PEERS = fileURLToPath(new URL('../../../../../test/bench/peers/', import.meta.url));
const run = promisify(execFile);

/**
 * Best images a second of the same work in PyTorch.
 * @throws DDPM_ERR_BENCH_PYTORCH when that Python cannot run it
 */
export async function pytorchRate(
  python: string,
  script: string,
  args: readonly (string | number)[],
  threads: number,
): Promise<number> {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
  try {
    const { stdout } = await run(python, [`${PEERS}${script}`, ...args.map(String)], { env });
    return Number(/img\/s ([\d.]+)/.exec(stdout)?.[1]);
  } catch (cause) {
    const detail = (cause as Error).message.trim().split('\n').at(-1);
    throw fleetError('DDPM_ERR_BENCH_PYTORCH', { python, detail }, { cause });
  }
}
