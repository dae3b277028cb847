#!/usr/bin/env node
import { outliveHangup } from '@ddpm-fleet/config';
import { isFleetError, printable } from '@ddpm-fleet/core';
import { collectSeldom } from '@ddpm-fleet/transport';
import { parseWorkerFlags, startOptions } from '../arguments.js';
import { startWorker } from '../start.js';

/** Not a statement of the worker but a bug of ours: whoever started it may try again. */
const CRASHED = 70;

collectSeldom();
outliveHangup();
try {
  const options = startOptions(parseWorkerFlags(process.argv.slice(2)), process.env);
  // Nothing that this process starts or reports needs them.
  delete process.env.DDPM_FLEET_KEYS;
  const { exitCode, reason } = await startWorker(options);
  if (exitCode !== 0) process.stderr.write(`${printable(`error: ${reason}`)}\n`);
  process.exit(exitCode);
} catch (error) {
  const known = isFleetError(error);
  const words = known ? `error: ${error.message} [${error.code}]` : String((error as Error).stack);
  process.stderr.write(`${printable(words)}\n`);
  process.exit(known ? error.exitCode : CRASHED);
}
