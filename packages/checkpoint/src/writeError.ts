import { fleetError, isFleetError } from '@ddpm-fleet/core';
import { errnoOf } from './disk/fileSystem.js';

const REMEDIES: Record<string, string> = {
  ENOSPC:
    'Free space there or keep fewer checkpoints; the last good one stays, and the next save tries again.',
  EDQUOT: 'Free space there or raise the quota; the last good one stays, and the next save tries again.',
  EROFS: 'Make it writable or name another place; the last good one stays, and the next save tries again.',
  EACCES: 'Make it writable for this user or name another place; the next save tries again.',
  EPERM: 'Make it writable for this user or name another place; the next save tries again.',
};

/** DDPM_ERR_CHECKPOINT_WRITE with what the system said and what to do about it. */
export function writeError(globalStep: number, location: string, error: unknown): Error {
  if (isFleetError(error)) return error;
  const remedy = REMEDIES[errnoOf(error) ?? ''] ?? 'The last good one stays, and the next save tries again.';
  const reason = error instanceof Error ? error.message : String(error);
  return fleetError(
    'DDPM_ERR_CHECKPOINT_WRITE',
    { step: globalStep, location, reason, remedy },
    { cause: error },
  );
}
