import { fleetError } from '@ddpm-fleet/core';

export function truncated(file: string, expected: number, found: number): Error {
  return fleetError('DDPM_ERR_DATA_TRUNCATED', { file, expected, found });
}

export function missing(path: string, cause: unknown): Error {
  return fleetError('DDPM_ERR_DATA_MISSING', { path, reason: reasonOf(cause) }, { cause });
}

const SPOKEN: Record<string, string> = {
  ENOENT: 'there is nothing there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'it is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk gives an error',
};

/** Why a file cannot be read, in words. */
export function reasonOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return (code && SPOKEN[code]) ?? message ?? String(cause);
}
