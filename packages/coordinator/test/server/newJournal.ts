import type { ExecutionContext } from 'ava';
import type { RunPaths } from '@ddpm-fleet/config';
import { Journal, type JournalOptions, type JournalStart } from '../../src/server/journal.js';
import { realSurroundings } from '../../src/server/surroundings.js';

/** The journal of a new run, on the disk; without more said, nothing may go wrong with it. */
export function newJournal(
  t: ExecutionContext,
  paths: RunPaths,
  options: Partial<JournalOptions> = {},
  start: JournalStart = { head: null, sizeBytes: 0 },
): Journal {
  const onProblem = (problem: string | null): void => void t.is(problem, null);
  return new Journal(start, { ...realSurroundings, paths, onProblem, ...options });
}
