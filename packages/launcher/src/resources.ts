import { readdirSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';

/** What one host offers a run. */
export interface HostResources {
  readonly host: string;
  /** Cores that processes of the run may use. */
  readonly cores: number;
  /** Indices (as the CUDA driver counts) of the GPUs that the run may use. */
  readonly gpus: readonly number[];
  /** What each of `gpus` is, for the user. */
  readonly gpuNames?: readonly string[];
  /** What its worker processes must find in their environment, beside what all of them must. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where ddpm-fleet is installed on it; absent: where it is here. */
  readonly root?: string;
}

/**
 * This machine's cores and NVIDIA GPUs; CUDA_VISIBLE_DEVICES narrows them as it does for any CUDA program.
 * @param devices where the driver's device files are
 */
export function localResources(env: NodeJS.ProcessEnv = process.env, devices = '/dev'): HostResources {
  return {
    host: hostname(),
    cores: availableParallelism(),
    gpus: granted(env) ?? visibleGpus(presentGpus(devices), env.CUDA_VISIBLE_DEVICES),
  };
}

/** In a Slurm job step the list is what Slurm granted, whatever the devices are called there. */
function granted(env: NodeJS.ProcessEnv): number[] | undefined {
  if (!env.SLURM_STEP_ID || env.SLURM_STEP_GPUS === undefined) return undefined;
  return (env.CUDA_VISIBLE_DEVICES ?? '').split(',').filter(Boolean).map(Number);
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

/** CUDA stops reading the list at the first index that does not exist. */
export function visibleGpus(present: readonly number[], visible: string | undefined): number[] {
  if (visible === undefined) return [...present];
  const gpus: number[] = [];
  for (const item of visible.split(',')) {
    const index = /^\s*\d+\s*$/.test(item) ? Number(item) : -1;
    if (!present.includes(index)) break;
    gpus.push(index);
  }
  return gpus;
}

function presentGpus(devices: string): number[] {
  try {
    return readdirSync(devices)
      .flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}
