import type { HostResources, LauncherDriver } from '@ddpm-fleet/launcher';

/** Flags of `launch` that say where. */
export interface VenueFlags {
  readonly launcher: 'local' | 'ssh' | 'slurm' | 'kubernetes';
  readonly hosts?: string;
  readonly sshConfig?: string;
  readonly advertise?: string;
  readonly port?: number;
  readonly keys?: string;
  readonly insecure?: boolean;
}

/** Where the processes of a run can be: asked once, before anything starts. */
export interface Venue {
  /** Of the workers. */
  readonly hosts: readonly HostResources[];
  /** `tcp://host:port` by which workers reach the coordinator; absent: by the run's directory. */
  readonly address?: string;
  /** Of the coordinator; 0: a free one. */
  readonly port: number;
  readonly encrypted: boolean;
  /** For the user. */
  readonly notes: readonly string[];
  driver(graceMs: number): LauncherDriver;
}
