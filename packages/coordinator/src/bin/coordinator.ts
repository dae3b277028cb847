#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { LOG_LINES, outliveLog } from '@ddpm-fleet/config';
import { fleetError, isFleetError, printable } from '@ddpm-fleet/core';
import { collectSeldom } from '@ddpm-fleet/transport';
import { pino } from 'pino';
import type { RunOutcome } from '../machine/index.js';
import type { CoordinatorOptions } from '../options.js';
import { runCoordinator } from '../run.js';
import { parseCheckpoint, readRun, readServerKeys } from '../runDirectory.js';

/** Not a statement of the coordinator but a bug of ours: whoever started it may try again. */
const CRASHED = 70;

/**
 * Entry of a coordinator process; logs NDJSON on stdout. Flags: --run-dir DIR (DDPM_FLEET_RUN_DIR), --port N
 * (DDPM_FLEET_PORT; default 0: a free pair), --from CHECKPOINT, --key-file FILE (DDPM_FLEET_KEY_FILE),
 * --insecure (DDPM_FLEET_INSECURE=1), --allow-unlike, --reseal. DDPM_FLEET_STOP says why it only saves what workers hold and ends.
 * Exit code 0: the run is complete; 1: it ended before; 70: a bug of ours, after which it may be started again.
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
      reseal: { type: 'boolean', default: false },
    },
  });
  const { config, record } = readRun(values['run-dir']);
  const log = pino(
    { level: config.log.level, base: { coordinator: process.pid } },
    outliveLog(pino.destination(LOG_LINES)),
  );
  const options: CoordinatorOptions = {
    config,
    record,
    runDir: values['run-dir'],
    port: Number(values.port),
    log,
    allowUnlike: values['allow-unlike'],
    insecure: values.insecure,
    ...(values['key-file'] && { security: readServerKeys(values['key-file']) }),
    ...(values.from !== undefined && { from: parseCheckpoint(values.from) }),
    ...(env.DDPM_FLEET_STOP && { stop: env.DDPM_FLEET_STOP }),
  };
  const outcome = await runCoordinator(options, values.reseal);
  log.info(outcome, outcome.reason);
  // The launcher ends with these words.
  if (!outcome.completed) say(`error: ${lastWords(outcome)}`);
  return outcome.completed ? 0 : 1;
}

function lastWords({ reason, nonFinite }: RunOutcome): string {
  if (!nonFinite) return reason;
  const { message, code } = fleetError('DDPM_ERR_NON_FINITE', { what: reason });
  return `${message} [${code}]`;
}

/** Also what happens in a timer or a socket: Node would exit with 1, which is a statement and no crash. */
function fail(error: unknown): void {
  const known = isFleetError(error);
  say(known ? `error: ${error.message} [${error.code}]` : String((error as Error).stack ?? error));
  process.exit(known ? error.exitCode : CRASHED);
}

function say(words: string): void {
  process.stderr.write(`${printable(words)}\n`);
}

process.on('uncaughtException', fail).on('unhandledRejection', fail);
collectSeldom();
main().then((exitCode) => process.exit(exitCode), fail);
