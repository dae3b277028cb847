import { findGpus } from '../../install/gpu.js';

/**
 * The name of the GPU that this process computes on. The addon takes the last of the visible ones; where
 * `CUDA_VISIBLE_DEVICES` lists indices, that is the last of the list.
 */
export async function deviceName(): Promise<string> {
  const gpus = await findGpus();
  const visible = process.env['CUDA_VISIBLE_DEVICES']?.split(',').map((id) => id.trim());
  const last = visible?.at(-1);
  const index = last !== undefined && /^\d+$/.test(last) ? Number(last) : gpus.length - 1;
  return gpus[index]?.name ?? 'gpu';
}
