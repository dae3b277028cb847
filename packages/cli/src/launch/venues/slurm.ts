import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';
import {
  byRole,
  explainSrun,
  localDriver,
  slurmAllocation,
  slurmDriver,
  srunReach,
  type Allocation,
  type HostResources,
} from '@ddpm-fleet/launcher';
import { addressTowards, freePortPair } from '../address.js';
import { ask } from '../askHost.js';
import type { HostFacts } from '../hostFacts.js';
import { judgeHosts } from '../hostJudgement.js';
import { CLI, HERE } from '../installation.js';
import type { ForeseenRun } from '../preparedRun.js';
import type { Venue, VenueFlags } from '../venue.js';

/** The nodes of the allocation that this process runs in; the coordinator is on the first, which runs the script. */
export async function slurmVenue(flags: VenueFlags, run: ForeseenRun): Promise<Venue> {
  const allocation = slurmAllocation(process.env);
  if (!allocation) throw fleetError('DDPM_ERR_SLURM', { problem: 'this is no allocation', detail: '' });
  const nodes = await nodesOf(allocation);
  const threads = String(run.config.engine.threads);
  const answers = await Promise.all(
    nodes.map(async (name) => {
      const reach = srunReach(allocation, name, [CLI, 'host', '--threads', threads], 'doctor');
      return { name, ...(await ask(name, reach, explainSrun)) };
    }),
  );
  const { notes } = judgeHosts(answers, run.engine);
  const address = flags.advertise ?? (await addressTowards(nodes.at(-1)!).catch(() => HERE));
  const port = flags.port ?? (await freePortPair()) ?? 0;
  return {
    hosts: answers.map(({ name, facts }) => ({
      host: name,
      cores: allocation.cpusOnNode,
      ...resourcesOf(facts!),
    })),
    address: `tcp://${address}:${port}`,
    port,
    encrypted: flags.insecure !== true,
    notes,
    driver: (graceMs) => byRole(localDriver({ graceMs }), slurmDriver(allocation, { graceMs })),
  };
}

function resourcesOf({
  gpus,
  gpuNames,
  gpuBytes,
  notes,
  env,
}: HostFacts): Omit<HostResources, 'host' | 'cores'> {
  return { gpus, gpuNames, gpuBytes, notes, env };
}

async function nodesOf({ nodeList }: Allocation): Promise<string[]> {
  const { stdout } = await promisify(execFile)('scontrol', ['show', 'hostnames', nodeList]).catch(
    (error: Error) => {
      throw fleetError('DDPM_ERR_SLURM', {
        problem: 'scontrol show hostnames failed',
        detail: error.message,
      });
    },
  );
  return stdout.trim().split('\n');
}
