import { Command, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { benchStep, type StepBenchRequest } from '../bench/step.js';
import { runStepChild, type StepChildRequest } from '../bench/stepChild.js';
import { jsonOption, positiveInteger } from '../options.js';

export function benchCommand(): Command {
  const bench = new Command('bench').description('measure this machine: ratios of interleaved runs');
  bench
    .command('step')
    .description('a whole training step (forward, backward, clip, Adam, EMA): compiled, eager, PyTorch')
    .option('--channels <n>', 'base width of the UNet', positiveInteger, 64)
    .option('--batch <n>', 'images a step', positiveInteger, 16)
    .option('--size <n>', 'images are n x n', positiveInteger, 32)
    .option('--image-channels <n>', '1 or 3', positiveInteger, 3)
    .option('--threads <n>', 'threads; default: all cores', positiveInteger, availableParallelism())
    .option('--rounds <n>', 'interleaved rounds', positiveInteger, 6)
    .addOption(
      new Option('--precision <p>', 'of convolutions').choices(['float32', 'bfloat16']).default('float32'),
    )
    .option('--pytorch <python>', 'a Python that has torch, to compare with')
    .option('--no-eager', 'leave the eager step out')
    .addOption(jsonOption())
    .action((flags: StepBenchRequest) => benchStep(flags));
  bench
    .command('step-child', { hidden: true })
    .argument('<request>')
    .action((request: string) => runStepChild(JSON.parse(request) as StepChildRequest));
  return bench;
}
