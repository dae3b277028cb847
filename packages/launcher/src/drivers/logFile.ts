import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import type { ProcessSpec } from '../launchPlan.js';

const TAIL_BYTES = 4096;

/** Opens a process's log to append to. @throws DDPM_ERR_LAUNCH_START */
export function openLog(spec: ProcessSpec): number {
  try {
    mkdirSync(dirname(spec.logFile), { recursive: true });
    return openSync(spec.logFile, 'a');
  } catch (cause) {
    throw startError(spec, cause);
  }
}

export function startError(spec: ProcessSpec, cause: unknown): Error {
  return fleetError('DDPM_ERR_LAUNCH_START', { id: spec.id, reason: (cause as Error).message }, { cause });
}

/** The end of a log. @param logStart where the output of the process in question begins */
export function tailOf(logFile: string, logStart: number): string {
  try {
    const fd = openSync(logFile, 'r');
    const { size } = fstatSync(fd);
    const start = Math.max(logStart, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    readSync(fd, buffer, 0, buffer.length, start);
    closeSync(fd);
    return buffer.toString('utf8');
  } catch {
    return '';
  }
}
