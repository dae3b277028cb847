import { availableParallelism, hostname } from 'node:os';
import { findGpus, gpuId, type AskCuda, type FoundGpus, type GpuId } from './gpus.js';

/** What one host offers a run. */
export interface HostResources {
  readonly host: string;
  /** Cores that processes of the run may use. */
  readonly cores: number;
  /** The GPUs that the run may use, one worker each. */
  readonly gpus: readonly GpuId[];
  /** What each of `gpus` is, for the user. */
  readonly gpuNames?: readonly string[];
  /** Memory of each of `gpus`; 0 where it is unknown. */
  readonly gpuBytes?: readonly number[];
  /** What the user should know of its GPUs. */
  readonly notes?: readonly string[];
  /** What its worker processes must find in their environment, beside what all of them must. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where ddpm-fleet is installed on it; absent: where it is here. */
  readonly root?: string;
}

/**
 * This machine's cores and NVIDIA GPUs, narrowed as CUDA_VISIBLE_DEVICES says.
 * @param devices where the driver's device files are, which count where CUDA does not answer
 * @param ask what CUDA counts
 */
export function localResources(
  env: NodeJS.ProcessEnv = process.env,
  devices = '/dev',
  ask: AskCuda = () => undefined,
): HostResources {
  const { gpus, facts, notes } = granted(env) ?? findGpus(env, devices, ask);
  const known = facts.length > 0 && facts.every((fact) => fact !== undefined);
  return {
    host: hostname(),
    cores: availableParallelism(),
    gpus,
    ...(known && {
      gpuNames: facts.map(({ name }) => name),
      gpuBytes: facts.map(({ memoryBytes }) => memoryBytes),
    }),
    ...(notes.length > 0 && { notes }),
  };
}

/** In a Slurm job step the list is what Slurm granted, whatever the devices are called there. */
function granted(env: NodeJS.ProcessEnv): FoundGpus | undefined {
  if (!env.SLURM_STEP_ID || env.SLURM_STEP_GPUS === undefined) return undefined;
  const items = (env.CUDA_VISIBLE_DEVICES ?? '').split(',').map((item) => item.trim());
  return { gpus: items.filter(Boolean).map(gpuId), facts: [], notes: [] };
}

/** One worker a GPU; without GPUs one worker per `threads` cores, at least one. */
export function defaultWorkers(hosts: readonly HostResources[], threads: number): number {
  const gpus = hosts.reduce((sum, host) => sum + host.gpus.length, 0);
  if (gpus > 0) return gpus;
  return Math.max(
    1,
    hosts.reduce((sum, host) => sum + Math.floor(host.cores / Math.max(1, threads)), 0),
  );
}
