import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';
import {
  byRole,
  explainSsh,
  localDriver,
  readHosts,
  sshDriver,
  sshReach,
  type HostLine,
  type HostResources,
} from '@ddpm-fleet/launcher';
import { addressTowards, freePortPair } from '../address.js';
import { ask } from '../askHost.js';
import { judgeHosts, type HostAnswer } from '../hostJudgement.js';
import type { HostFacts } from '../hostFacts.js';
import type { ForeseenRun } from '../preparedRun.js';
import { listenFor } from '../reach.js';
import { answerFile } from '../sharedProbe.js';
import { CLI, HERE, INSTALLATION } from '../installation.js';
import type { Venue, VenueFlags } from '../venue.js';

/** Workers on the hosts of `--hosts`, the coordinator here. Every host is asked what it has before anything starts. */
export async function sshVenue(flags: VenueFlags, run: ForeseenRun): Promise<Venue> {
  if (flags.hosts === undefined)
    throw fleetError('DDPM_ERR_HOSTS', {
      place: '--launcher ssh',
      detail: 'give --hosts FILE or --hosts a,b',
    });
  const lines = readHosts(flags.hosts);
  const options = sshOptions(lines, flags.sshConfig);
  const meeting = await sshMeeting(lines, flags);
  const answers = await askHosts(lines, options, run.config.engine.threads, meeting);
  const { notes } = judgeHosts(answers, run.engine);
  return {
    hosts: answers.map((answer, i) => resourcesOf(lines[i]!, answer.facts!)),
    ...meeting,
    encrypted: flags.insecure !== true,
    notes,
    driver: (graceMs) => byRole(localDriver({ graceMs }), sshDriver({ ...options, graceMs })),
  };
}

/** Where hosts meet the coordinator on this one. */
export async function sshMeeting(
  lines: readonly HostLine[],
  flags: Pick<VenueFlags, 'advertise' | 'port' | 'sshConfig'>,
): Promise<{ address: string; port: number }> {
  const towards = await realHost(lines[0]!, flags.sshConfig);
  const host = flags.advertise ?? (await addressTowards(towards).catch(() => HERE));
  const port = flags.port ?? (await freePortPair()) ?? 0;
  return { address: `tcp://${host}:${port}`, port };
}

export function sshOptions(hosts: readonly HostLine[], configFile: string | undefined) {
  return { hosts, root: INSTALLATION, ...(configFile === undefined ? {} : { configFile }) };
}

/** All at once: one host that is down costs its connection time-out and no more. */
export async function askHosts(
  lines: readonly HostLine[],
  options: ReturnType<typeof sshOptions>,
  threads: number,
  { address, port, see }: { address: string; port: number; see?: string },
): Promise<HostAnswer[]> {
  // What listens already on the port will refuse the coordinator later, and in words.
  const listener = await listenFor(port);
  try {
    return await Promise.all(
      lines.map(async (line) => {
        const look = see === undefined ? [] : ['--see', see, '--answer', answerFile(see, line.name)];
        const question = ['--threads', String(threads), ...(listener ? ['--reach', address] : []), ...look];
        const reach = sshReach(line, options, [CLI, 'host', ...question]);
        const gpus = line.gpus ?? [];
        return { name: line.name, address, gpus, ...(await ask(line.name, reach, explainSsh)) };
      }),
    );
  } finally {
    listener?.close();
  }
}

function resourcesOf(line: HostLine, facts: HostFacts): HostResources {
  return {
    host: line.name,
    cores: line.cores ?? facts.cores,
    gpus: line.gpus ?? facts.gpus,
    ...(line.gpus === undefined ? { gpuNames: facts.gpuNames, gpuBytes: facts.gpuBytes } : {}),
    notes: facts.notes,
    env: facts.env,
    ...(line.dir === undefined ? {} : { root: line.dir }),
  };
}

/** What ssh makes of a host's name: it may be an alias of ssh's own config. */
async function realHost({ target }: HostLine, configFile: string | undefined): Promise<string> {
  const args = [...(configFile === undefined ? [] : ['-F', configFile]), '-G', target];
  const { stdout } = await promisify(execFile)('ssh', args).catch(() => ({ stdout: '' }));
  return /^hostname (\S+)$/m.exec(stdout)?.[1] ?? target.replace(/^.*@/, '');
}
