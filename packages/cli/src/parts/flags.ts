import { Command } from 'commander';
import { addStrictOptions, engineOption, positiveInteger } from '../options.js';

/** The flags of `PartFlags`, the size of a batch, and how strict to be. */
export function addPartOptions(command: Command): Command {
  return addStrictOptions(command)
    .option('--batch <n>', 'images a call of the model', positiveInteger, 16)
    .option(
      '--workers <n>',
      'processes that share the work; the result does not depend on it. Default: one a GPU, or one a core (at most 8)',
      positiveInteger,
    )
    .option('--threads <n>', 'threads of each; results depend on it in their last bits', positiveInteger, 1)
    .addOption(engineOption());
}
