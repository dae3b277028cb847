import type { ProcessSpec } from './launchPlan.js';

export type FleetSignal = 'SIGTERM' | 'SIGKILL' | 'SIGUSR1';

/** How a process ended: exactly one of the two is set, unless the driver cannot know (both null). */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what the process wrote, at most 4 KiB: it says why. */
  readonly tail: string;
}

export interface RunningProcess {
  readonly spec: ProcessSpec;
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Does nothing to a process that has ended. */
  signal(signal: FleetSignal): Promise<void>;
}

/**
 * Starts processes somewhere: this machine, hosts over ssh, a Slurm allocation, a Kubernetes cluster.
 * Invariant: no process outlives its driver, however the driver's process ends.
 */
export interface LauncherDriver {
  readonly name: string;
  /** @throws DDPM_ERR_LAUNCH_START when it cannot be started at all */
  start(spec: ProcessSpec): Promise<RunningProcess>;
  /** Ends everything that still runs; resolves when nothing does. */
  close(): Promise<void>;
}
