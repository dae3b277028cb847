import { localDriver } from '@ddpm-fleet/launcher';
import { isLoopback, parseAddress } from '@ddpm-fleet/transport';
import { resourcesHere } from '../resourcesHere.js';
import type { ForeseenRun } from '../preparedRun.js';
import type { Venue, VenueFlags } from '../venue.js';

/** Everything on this host. */
export async function localVenue(flags: VenueFlags, { config }: ForeseenRun): Promise<Venue> {
  const isPrivate = isLoopback(parseAddress(`tcp://${config.fleet.bind}:0`));
  return {
    hosts: [await resourcesHere()],
    port: flags.port ?? 0,
    encrypted: (!isPrivate || flags.keys !== undefined) && flags.insecure !== true,
    notes: [],
    driver: (graceMs) => localDriver({ graceMs }),
  };
}
