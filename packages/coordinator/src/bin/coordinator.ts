#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { LOG_LINES, outliveLog } from '@ddpm-fleet/config';
import { isFleetError, printable } from '@ddpm-fleet/core';
import { collectSeldom } from '@ddpm-fleet/transport';
import { pino } from 'pino';
import { runCoordinator } from '../run.js';
import { parseCheckpoint, readRun, readServerKeys } from '../runDirectory.js';

/**
 * Entry of a coordinator process; logs NDJSON on stdout. Flags: --run-dir DIR (DDPM_FLEET_RUN_DIR), --port N
 * (DDPM_FLEET_PORT; default 0: a free pair), --from CHECKPOINT, --key-file FILE (DDPM_FLEET_KEY_FILE),
 * --insecure (DDPM_FLEET_INSECURE=1), --allow-unlike. Exit code 0: the run is complete; 1: it ended before.
 */
async function main(): Promise<number> {
  const { env } = process;
  const { values } = parseArgs({
    options: {
      'run-dir': { type: 'string', default: env.DDPM_FLEET_RUN_DIR ?? '.' },
      port: { type: 'string', default: env.DDPM_FLEET_PORT ?? '0' },
      from: { type: 'string' },
      'key-file': { type: 'string', default: env.DDPM_FLEET_KEY_FILE ?? '' },
      insecure: { type: 'boolean', default: env.DDPM_FLEET_INSECURE === '1' },
      'allow-unlike': { type: 'boolean', default: false },
    },
  });
  const { config, record } = readRun(values['run-dir']);
  const log = pino(
    { level: config.log.level, base: { coordinator: process.pid } },
    outliveLog(pino.destination(LOG_LINES)),
  );
  const outcome = await runCoordinator({
    config,
    record,
    runDir: values['run-dir'],
    port: Number(values.port),
    log,
    allowUnlike: values['allow-unlike'],
    insecure: values.insecure,
    ...(values['key-file'] && { security: readServerKeys(values['key-file']) }),
    ...(values.from !== undefined && { from: parseCheckpoint(values.from) }),
  });
  log.info(outcome, outcome.reason);
  return outcome.completed ? 0 : 1;
}

collectSeldom();
main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    const known = isFleetError(error);
    const words = known ? `error: ${error.message} [${error.code}]` : String((error as Error).stack);
    process.stderr.write(`${printable(words)}\n`);
    process.exit(known ? error.exitCode : 70);
  },
);
