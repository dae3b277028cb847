import { Command } from 'commander';
import { hostFacts } from '../launch/hostFacts.js';
import { positiveInteger } from '../options.js';
import { printJson } from '../output.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('what this host offers a run, as JSON; what launchers ask the hosts they are given')
    .option('--threads <n>', 'threads of a worker', positiveInteger, 1)
    .action(async ({ threads }: { threads: number }) => printJson(await hostFacts(threads)));
}
