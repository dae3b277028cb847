import type { ExecutionContext } from 'ava';
import type { RunPaths } from '@ddpm-fleet/config';
import { Journal, type JournalOptions } from '../../src/server/journal.js';
import { realSurroundings } from '../../src/server/surroundings.js';

/** The journal of a new run, on the disk; without more said, nothing may go wrong with it. */
export function newJournal(
  t: ExecutionContext,
  paths: RunPaths,
  options: Partial<JournalOptions> = {},
): Journal {
  const onProblem = (problem: string | null): void => void t.is(problem, null);
  return new Journal({ head: null, sizeBytes: 0 }, { ...realSurroundings, paths, onProblem, ...options });
}
