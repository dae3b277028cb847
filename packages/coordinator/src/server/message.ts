import { isFleetError } from '@ddpm-fleet/core';

/** What went wrong, for a journal and a person: with the code to look it up by. */
export function messageOf(error: unknown): string {
  if (isFleetError(error)) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}
