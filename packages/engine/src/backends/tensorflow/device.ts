import type { InstalledEngine } from '../../install/cache.js';
import { askCuda } from '../../install/cuda.js';
import { findGpus } from '../../install/gpu.js';

/**
 * The name of the GPU that this process computes on: the addon takes the last of those that CUDA shows to it. Where
 * CUDA cannot be asked and `CUDA_VISIBLE_DEVICES` lists numbers, the last of the list by nvidia-smi's order.
 */
export async function deviceName(): Promise<string> {
  const shown = askCuda()?.devices.at(-1);
  if (shown) return shown.name;
  const gpus = await findGpus();
  const visible = process.env['CUDA_VISIBLE_DEVICES']?.split(',').map((id) => id.trim());
  const last = visible?.at(-1);
  const index = last !== undefined && /^\d+$/.test(last) ? Number(last) : gpus.length - 1;
  return gpus[index]?.name ?? 'gpu';
}

/** Why an engine that computes on the CPU leaves a GPU idle, and the remedy; undefined where there is none to use. */
export async function unusedGpu({ variant }: InstalledEngine): Promise<string | undefined> {
  if (['', '-1'].includes(process.env['CUDA_VISIBLE_DEVICES']?.trim() ?? 'all')) return undefined;
  const [gpu] = await findGpus();
  if (!gpu) return undefined;
  return variant === 'cpu'
    ? `the installed engine is for CPUs and ${gpu.name} is idle: run ddpm-fleet engine install --variant cuda`
    : `TensorFlow does not use ${gpu.name}: ddpm-fleet doctor says what it misses`;
}
