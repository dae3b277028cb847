import type { ForeseenRun } from './preparedRun.js';
import type { Venue, VenueFlags } from './venue.js';
import { localVenue } from './venues/local.js';
import { slurmVenue } from './venues/slurm.js';
import { sshVenue } from './venues/ssh.js';

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
