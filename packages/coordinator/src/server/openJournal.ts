import { runPaths } from '@ddpm-fleet/config';
import type { CoordinatorOptions } from '../options.js';
import { Journal } from './journal.js';
import type { RecoveredJournal } from './recover.js';
import type { Surroundings } from './surroundings.js';

/** The journal of a run, behind what was found of it. */
export function openJournal(
  { runDir, log, claim, seal }: CoordinatorOptions,
  { files, clock, date }: Surroundings,
  { journal: head, sizeBytes }: RecoveredJournal,
): Journal {
  const onProblem = (problem: string | null): void =>
    problem
      ? log.error({ problem }, 'the journal is not durable; lines wait in memory, and nothing is published')
      : log.info('the journal is written');
  const fences = claim && { fence: () => claim.check(), isShared: claim.isTakenOver };
  const sealing = seal && { sealKey: seal.key };
  return new Journal(
    { head, sizeBytes },
    { paths: runPaths(runDir), files, clock, date, onProblem, ...fences, ...sealing },
  );
}
