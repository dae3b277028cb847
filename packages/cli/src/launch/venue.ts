import { localDriver, type HostResources, type LauncherDriver } from '@ddpm-fleet/launcher';
import { isLoopback, parseAddress } from '@ddpm-fleet/transport';
import type { ForeseenRun } from './prepare.js';
import { resourcesHere } from './resourcesHere.js';
import { slurmVenue } from './venues/slurm.js';
import { sshVenue } from './venues/ssh.js';

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

/** @throws DDPM_ERR_HOSTS, DDPM_ERR_HOSTS_UNFIT, DDPM_ERR_SLURM */
export async function openVenue(flags: VenueFlags, run: ForeseenRun): Promise<Venue> {
  switch (flags.launcher) {
    case 'ssh':
      return sshVenue(flags, run);
    case 'slurm':
      return slurmVenue(flags, run);
    default:
      return localVenue(flags, run);
  }
}

async function localVenue(flags: VenueFlags, { config }: ForeseenRun): Promise<Venue> {
  const isPrivate = isLoopback(parseAddress(`tcp://${config.fleet.bind}:0`));
  return {
    hosts: [await resourcesHere()],
    port: flags.port ?? 0,
    encrypted: (!isPrivate || flags.keys !== undefined) && flags.insecure !== true,
    notes: [],
    driver: (graceMs) => localDriver({ graceMs }),
  };
}
