import { runCommand } from './command.js';

export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly memory: string;
}

/** The NVIDIA GPUs that the driver shows; none where there is no driver. */
export async function findGpus(): Promise<Gpu[]> {
  const rows = await query(['name', 'driver_version', 'memory.total']);
  return rows.map(([name, driver, memory]) => ({ name: name!, driver: driver!, memory: memory! }));
}

/** How busy a GPU is now, whoever keeps it so. */
export interface GpuUse {
  readonly index: number;
  readonly name: string;
  /** With units, as the driver prints them. */
  readonly memoryUsed: string;
  readonly memoryTotal: string;
  readonly utilisation: string;
}

/** Every GPU that the driver shows, with memory and utilisation; none where there is no driver. */
export async function gpuUse(): Promise<GpuUse[]> {
  const rows = await query(['index', 'name', 'memory.used', 'memory.total', 'utilization.gpu']);
  return rows.map(([index, name, memoryUsed, memoryTotal, utilisation]) => ({
    ...{ index: Number(index), name: name!, memoryUsed: memoryUsed! },
    ...{ memoryTotal: memoryTotal!, utilisation: utilisation! },
  }));
}

async function query(fields: readonly string[]): Promise<string[][]> {
  const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader'];
  const result = await runCommand('nvidia-smi', args, { timeoutMs: 20_000 });
  if (result.code !== 0) return [];
  return result.stdout
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter((row) => row.length === fields.length);
}
