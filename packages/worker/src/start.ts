import { LOG_LINES, outliveLog } from '@ddpm-fleet/config';
import { pino } from 'pino';
import { zmqTransport, type ZmqOptions } from '@ddpm-fleet/transport';
import { parseKeys, readKeyFile } from './keyFile.js';
import type { Addresses } from './shell/ports.js';
import type { WorkerEnd } from './machine/effects.js';
import { findCoordinator } from './findCoordinator.js';
import { runWorker } from './run.js';

export interface StartOptions {
  readonly workerId: string;
  /** The coordinator's addresses, or the directory of the run in which it tells them. */
  readonly at: Addresses | { readonly runDir: string };
  readonly keyFile?: string;
  /** What the key file would hold, where the launcher handed it over by the environment. */
  readonly keys?: string;
  readonly insecure?: boolean;
  /** Instead of 0 when it was asked to leave, for schedulers that take 0 for the end: DDPM_FLEET_LEFT_EXIT_CODE. */
  readonly leftExitCode?: number;
  readonly logLevel: string;
  /** See `debugFlip`. */
  readonly flipAt?: number;
}

/**
 * A worker as the business of this process: over ZeroMQ, logging NDJSON on stdout, leaving on SIGTERM and SIGINT.
 * @throws DDPM_ERR_WORKER_KEYS, DDPM_ERR_TRANSPORT_*
 */
export async function startWorker(options: StartOptions): Promise<WorkerEnd> {
  const { workerId, at, logLevel, flipAt, leftExitCode = 0 } = options;
  const log = pino({ level: logLevel, base: { worker: workerId } }, outliveLog(pino.destination(LOG_LINES)));
  const leaving = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leaving.abort());
  const { signal } = leaving;
  const transport = zmqTransport(securityOf(options));
  const onWait = (file: string) =>
    log.info(`waiting for a coordinator: there is no ${file} of one that lives`);
  try {
    const addresses = 'runDir' in at ? await findCoordinator(at.runDir, onWait, signal) : at;
    if (!addresses) return { exitCode: leftExitCode, reason: 'asked to leave' };
    const debug = flipAt === undefined ? {} : { flipAt };
    const ended = await runWorker({ workerId, addresses, transport, log, signal, ...debug });
    const end = signal.aborted && ended.exitCode === 0 ? { ...ended, exitCode: leftExitCode } : ended;
    log.info({ exitCode: end.exitCode }, end.reason);
    return end;
  } finally {
    await transport.close();
  }
}

function securityOf({ keyFile, keys, insecure = false }: StartOptions): ZmqOptions {
  if (keyFile) return { client: readKeyFile(keyFile) };
  return keys ? { client: parseKeys(keys, 'DDPM_FLEET_KEYS') } : { insecure };
}
