import { parseArgs } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';
import { parseAddress } from '@ddpm-fleet/transport';
import type { Addresses } from './link.js';

/** What a worker process is told at its start; everything else it learns from its coordinator. */
export interface WorkerArguments {
  readonly workerId: string;
  readonly addresses: Addresses;
  /** JSON with this worker's CURVE keys and the coordinator's public one. */
  readonly keyFile?: string;
  readonly logLevel: string;
}

/**
 * Flags win over the environment: --join (DDPM_FLEET_JOIN), --data (DDPM_FLEET_DATA; default: the port after that of
 * --join), --id (DDPM_FLEET_WORKER_ID; default: host name and process id), --key-file (DDPM_FLEET_KEY_FILE),
 * --log-level (DDPM_FLEET_LOG_LEVEL).
 * @throws DDPM_ERR_WORKER_JOIN, DDPM_ERR_WORKER_ID, DDPM_ERR_TRANSPORT_ADDRESS
 */
export function workerArguments(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  defaults: { readonly workerId: string },
): WorkerArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      join: { type: 'string' },
      data: { type: 'string' },
      id: { type: 'string' },
      'key-file': { type: 'string' },
      'log-level': { type: 'string' },
    },
  });
  const control = values.join ?? env.DDPM_FLEET_JOIN;
  if (!control) throw fleetError('DDPM_ERR_WORKER_JOIN');
  const keyFile = values['key-file'] ?? env.DDPM_FLEET_KEY_FILE;
  return {
    workerId: checkedId(values.id ?? env.DDPM_FLEET_WORKER_ID ?? defaults.workerId),
    addresses: { control, data: values.data ?? env.DDPM_FLEET_DATA ?? nextPort(control) },
    ...(keyFile ? { keyFile } : {}),
    logLevel: values['log-level'] ?? env.DDPM_FLEET_LOG_LEVEL ?? 'info',
  };
}

function checkedId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) return id;
  throw fleetError('DDPM_ERR_WORKER_ID', { id });
}

function nextPort(control: string): string {
  const { host, port } = parseAddress(control);
  return `tcp://${host}:${port + 1}`;
}
