import { delimiter, resolve } from 'node:path';
import { locateEngine, type InstalledEngine } from './install/cache.js';

export interface EnvironmentOptions {
  /** Threads within an op; identity of a run, since sums depend on it. */
  readonly threads: number;
  /** CUDA device to show to the process, as `CUDA_VISIBLE_DEVICES` names it; '' shows none. Absent: as inherited. */
  readonly device?: string | number;
  /** Matrix products of float32 in TF32 on GPUs that have it: faster, 10 bits of mantissa. Default off. */
  readonly tf32?: boolean;
  /** Default: the engine that `openEngine` would load. */
  readonly engine?: InstalledEngine;
}

/**
 * The environment that a process which opens the TensorFlow engine must be spawned with: TensorFlow, glibc and the
 * loader read theirs once, at start. Merge it over `process.env`.
 */
export function engineEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { threads, device } = options;
  const engine = options.engine ?? locateEngine();
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    // Ops of one step run one after another: two at a time would compete for the same threads.
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_DETERMINISTIC_OPS: '1',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    NVIDIA_TF32_OVERRIDE: options.tf32 ? '1' : '0',
    // glibc returns large blocks to the system at once and faults them in again each step; keeping them is 5 % faster.
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: '8589934592',
    TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '2',
    ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: String(device) }),
    ...(engine ? loaderPath(engine) : {}),
  };
}

function loaderPath({ dir, libraryDirs }: InstalledEngine): Record<string, string> {
  if (libraryDirs.length === 0) return {};
  const ours = libraryDirs.map((path) => resolve(dir, path));
  const inherited = (process.env['LD_LIBRARY_PATH'] ?? '')
    .split(delimiter)
    .filter((path) => path && !ours.includes(path));
  return { LD_LIBRARY_PATH: [...ours, ...inherited].join(delimiter) };
}
