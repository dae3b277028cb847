import { Command } from 'commander';
import { hostFacts, type HostQuestion } from '../launch/hostFacts.js';
import { positiveInteger } from '../options.js';
import { printJson } from '../output.js';

export function hostCommand(): Command {
  return new Command('host')
    .description('what this host offers a run, as JSON; what launchers ask the hosts they are given')
    .option('--threads <n>', 'threads of a worker', positiveInteger, 1)
    .option('--reach <address>', 'also say whether tcp://host:port can be reached from here')
    .option('--see <file>', 'also say whether this file can be read, and one written beside it')
    .option('--answer <file>', 'with --see: the file to write')
    .action(async (question: HostQuestion) => printJson(await hostFacts(question)));
}
