import { Command } from 'commander';
import type { SampleTask } from '@ddpm-fleet/inference';
import { nonNegativeInteger, positiveInteger } from '../options.js';
import type { PartFlags } from '../parts/compute.js';
import { addPartOptions } from '../parts/flags.js';
import { chooseClasses, type ClassFlags } from '../sampling/classes.js';
import { draw } from '../sampling/draw.js';
import { addSamplerOptions, chooseSampler, type SamplerFlags } from '../sampling/flags.js';
import { assertOutputs, momentsOf, writeImages, type OutputFlags } from '../sampling/write.js';
import { loadTrained } from '../trained.js';
import { addWeightsOptions, type WeightsFlags } from '../weights.js';

interface SampleFlags extends SamplerFlags, ClassFlags, OutputFlags, PartFlags, WeightsFlags {
  readonly count: number;
  readonly seed: number;
  readonly batch: number;
  readonly columns?: number;
}

const EXAMPLES = `
Examples:
  ddpm-fleet sample quickstart --count 64 --out grid.png --strip strip.png --animation chain.gif
  ddpm-fleet sample fashion --class each --count 80 --guidance 3 --out classes.png
  ddpm-fleet sample fashion --ema-std 0.08 --out wide.png            an average that is made afterwards
  ddpm-fleet sample runs/cifar10 --sampler ddpm --count 50000 --out samples/      single files
  ddpm-fleet sample runs/cifar10 --count 10000 --out samples.npz                  arr_0: uint8 [n, H, W, C]`;

export function sampleCommand(): Command {
  const command = new Command('sample')
    .description('draw images from a trained model')
    .argument('<target>', 'a run (name or directory) or a checkpoint directory')
    .option('--count <n>', 'images', positiveInteger, 64)
    .option('--seed <n>', 'seed of the noise; image i depends on (seed, i) alone', nonNegativeInteger, 0)
    .option(
      '--class <which>',
      'one class (3), several (0,3,5) or each, a row of the grid each; default: in turn',
    );
  addWeightsOptions(command);
  addSamplerOptions(command, 'ddim');
  addPartOptions(command);
  return command
    .option('--columns <n>', 'of the grid; default: a square', positiveInteger)
    .option('--out <path>', 'grid (.png), arrays (.npz), or a directory of single PNG files', 'samples.png')
    .option('--npy <file>', 'also float32 [count, H, W, C] as .npy')
    .option('--strip <file>', 'also the predicted images along the chain (.png)')
    .option('--animation <file>', 'also the reverse process as a picture that moves (.gif, .webp)')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(target: string, flags: SampleFlags): Promise<void> {
  const trained = await loadTrained(target, flags);
  const { count, labels, guidance, columns } = chooseClasses(trained, flags);
  assertOutputs(flags, count);
  const sampler = chooseSampler(trained, flags);
  const { seed, batch, threshold } = flags;
  const task: SampleTask = {
    ...{ kind: 'sample', count, seed, batch, partSize: batch, sampler: sampler.options, ...momentsOf(flags) },
    ...(labels && { labels }),
    ...(guidance && { guidance }),
    ...(threshold !== undefined && { threshold }),
  };
  const drawn = await draw(trained, task, sampler, flags);
  const title = `${count} samples of ${trained.weightsName} at step ${trained.loaded.globalStep}`;
  const layout = { ...trained.model.image, columns: flags.columns ?? columns, labels };
  await writeImages(drawn, layout, flags, title);
}
