import { runCommand } from './command.js';

export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly memory: string;
}

/** The NVIDIA GPUs that the driver shows; none where there is no driver. */
export async function findGpus(): Promise<Gpu[]> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const result = await runCommand('nvidia-smi', query, { timeoutMs: 20_000 });
  if (result.code !== 0) return [];
  return result.stdout
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter((fields) => fields.length === 3)
    .map(([name, driver, memory]) => ({ name: name!, driver: driver!, memory: memory! }));
}
