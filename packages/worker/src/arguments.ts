import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { fleetError } from '@ddpm-fleet/core';
import { parseAddress } from '@ddpm-fleet/transport';
import { debugFlip } from './debugFlip.js';
import type { StartOptions } from './start.js';

/** Flags of a worker process, as far as they are given. Each can come from the environment instead. */
export interface WorkerFlags {
  /** Control address of the coordinator: DDPM_FLEET_JOIN. */
  readonly join?: string;
  /** Data address, where it is not the port after that of `join`: DDPM_FLEET_DATA. */
  readonly data?: string;
  /** Directory of the run, where the coordinator on this host says where it listens: DDPM_FLEET_RUN_DIR. */
  readonly runDir?: string;
  /** DDPM_FLEET_WORKER_ID; default: host name and process id. */
  readonly id?: string;
  /** JSON with this worker's CURVE keys and the coordinator's public one: DDPM_FLEET_KEY_FILE, or DDPM_FLEET_KEYS. */
  readonly keyFile?: string;
  /** Plain TCP beyond this host: DDPM_FLEET_INSECURE=1. */
  readonly insecure?: boolean;
  /** DDPM_FLEET_LOG_LEVEL */
  readonly logLevel?: string;
}

/** @throws TypeError for an unknown flag */
export function parseWorkerFlags(argv: readonly string[]): WorkerFlags {
  const text = { type: 'string' } as const;
  const options = {
    join: text,
    data: text,
    'run-dir': text,
    id: text,
    'key-file': text,
    'log-level': text,
    insecure: { type: 'boolean' } as const,
  };
  const { join, data, id, insecure, ...rest } = parseArgs({ args: [...argv], options }).values;
  const flags = {
    join,
    data,
    id,
    insecure,
    runDir: rest['run-dir'],
    keyFile: rest['key-file'],
    logLevel: rest['log-level'],
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

/**
 * What a worker process is told at its start; everything else it learns from its coordinator. Flags win over the
 * environment.
 * @throws DDPM_ERR_WORKER_JOIN, DDPM_ERR_WORKER_ID, DDPM_ERR_TRANSPORT_ADDRESS
 */
export function startOptions(flags: WorkerFlags, env: NodeJS.ProcessEnv): StartOptions {
  const join = flags.join ?? env.DDPM_FLEET_JOIN;
  const runDir = flags.runDir ?? env.DDPM_FLEET_RUN_DIR;
  const keyFile = flags.keyFile ?? env.DDPM_FLEET_KEY_FILE;
  const data = flags.data ?? env.DDPM_FLEET_DATA;
  if (!join && !runDir) throw fleetError('DDPM_ERR_WORKER_JOIN');
  const workerId = checkedId(flags.id ?? env.DDPM_FLEET_WORKER_ID ?? defaultId());
  const flipAt = debugFlip(env.DDPM_DEBUG_FLIP, workerId);
  return {
    workerId,
    ...(flipAt !== undefined && { flipAt }),
    at: join ? { control: join, data: data ?? nextPort(join) } : { runDir: runDir! },
    ...(keyFile ? { keyFile } : {}),
    ...(env.DDPM_FLEET_KEYS ? { keys: env.DDPM_FLEET_KEYS } : {}),
    ...((flags.insecure ?? env.DDPM_FLEET_INSECURE === '1') ? { insecure: true } : {}),
    ...(env.DDPM_FLEET_LEFT_EXIT_CODE ? { leftExitCode: Number(env.DDPM_FLEET_LEFT_EXIT_CODE) } : {}),
    logLevel: flags.logLevel ?? env.DDPM_FLEET_LOG_LEVEL ?? 'info',
  };
}

function defaultId(): string {
  return `${hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 40)}-${process.pid}`;
}

function checkedId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) return id;
  throw fleetError('DDPM_ERR_WORKER_ID', { id });
}

function nextPort(control: string): string {
  const { host, port } = parseAddress(control);
  return `tcp://${host}:${port + 1}`;
}
