#!/usr/bin/env node
import { hostname } from 'node:os';
import { pino } from 'pino';
import { isFleetError } from '@ddpm-fleet/core';
import { zmqTransport } from '@ddpm-fleet/transport';
import { workerArguments } from '../arguments.js';
import { readKeyFile } from '../keyFile.js';
import { runWorker } from '../run.js';

/** Entry of a worker process: logs NDJSON on stdout, leaves the run on SIGTERM and SIGINT. */
async function main(): Promise<number> {
  const workerId = `${hostname().replace(/[^A-Za-z0-9.-]/g, '-')}-${process.pid}`;
  const { addresses, keyFile, logLevel, ...rest } = workerArguments(process.argv.slice(2), process.env, {
    workerId,
  });
  const log = pino({ level: logLevel, base: { worker: rest.workerId } }, pino.destination({ sync: true }));
  const leaving = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leaving.abort());
  const transport = zmqTransport(keyFile ? { client: readKeyFile(keyFile) } : {});
  const { exitCode, reason } = await runWorker({
    workerId: rest.workerId,
    addresses,
    transport,
    log,
    signal: leaving.signal,
  });
  log.info({ exitCode }, reason);
  await transport.close();
  return exitCode;
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    const known = isFleetError(error);
    process.stderr.write(known ? `error: ${error.message} [${error.code}]\n` : `${(error as Error).stack}\n`);
    process.exit(known ? error.exitCode : 70);
  },
);
