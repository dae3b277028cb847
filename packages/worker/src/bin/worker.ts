#!/usr/bin/env node
import { isFleetError } from '@ddpm-fleet/core';
import { collectSeldom } from '@ddpm-fleet/transport';
import { parseWorkerFlags, startOptions } from '../arguments.js';
import { startWorker } from '../start.js';

/** Not a statement of the worker but a bug of ours: whoever started it may try again. */
const CRASHED = 70;

collectSeldom();
try {
  const { exitCode, reason } = await startWorker(
    startOptions(parseWorkerFlags(process.argv.slice(2)), process.env),
  );
  if (exitCode !== 0) process.stderr.write(`error: ${reason}\n`);
  process.exit(exitCode);
} catch (error) {
  const known = isFleetError(error);
  process.stderr.write(known ? `error: ${error.message} [${error.code}]\n` : `${(error as Error).stack}\n`);
  process.exit(known ? error.exitCode : CRASHED);
}
