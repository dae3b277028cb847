import { pino } from 'pino';
import { zmqTransport } from '@ddpm-fleet/transport';
import { readKeyFile } from './keyFile.js';
import type { Addresses } from './link.js';
import type { WorkerEnd } from './options.js';
import { findCoordinator } from './rendezvous.js';
import { runWorker } from './run.js';

export interface StartOptions {
  readonly workerId: string;
  /** The coordinator's addresses, or the directory of the run in which it tells them. */
  readonly at: Addresses | { readonly runDir: string };
  readonly keyFile?: string;
  readonly logLevel: string;
}

/**
 * A worker as the business of this process: over ZeroMQ, logging NDJSON on stdout, leaving on SIGTERM and SIGINT.
 * @throws DDPM_ERR_WORKER_KEYS, DDPM_ERR_TRANSPORT_*
 */
export async function startWorker({ workerId, at, keyFile, logLevel }: StartOptions): Promise<WorkerEnd> {
  const log = pino({ level: logLevel, base: { worker: workerId } }, pino.destination({ sync: true }));
  const leaving = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leaving.abort());
  const { signal } = leaving;
  const transport = zmqTransport(keyFile ? { client: readKeyFile(keyFile) } : {});
  const onWait = (file: string) =>
    log.info(`waiting for a coordinator: there is no ${file} of one that lives`);
  try {
    const addresses = 'runDir' in at ? await findCoordinator(at.runDir, onWait, signal) : at;
    if (!addresses) return { exitCode: 0, reason: 'asked to leave' };
    const end = await runWorker({ workerId, addresses, transport, log, signal });
    log.info({ exitCode: end.exitCode }, end.reason);
    return end;
  } finally {
    await transport.close();
  }
}
