import { Command, Option } from 'commander';
import { RANGES } from '@ddpm-fleet/inference';
import { evaluateBpd, type BpdFlags } from '../evaluate/bpd.js';
import { compareStatistics, evaluateFid, type FidFlags } from '../evaluate/fid.js';
import { jsonOption, nonNegativeInteger, positiveInteger } from '../options.js';
import { addPartOptions } from '../parts/flags.js';
import { addSamplerOptions } from '../sampling/flags.js';
import { loadTrained } from '../trained.js';
import { addWeightsOptions, type WeightsFlags } from '../weights.js';

type EvaluateFlags = BpdFlags & FidFlags & WeightsFlags & { readonly metric: 'bpd' | 'fid' };

const EXAMPLES = `
Examples:
  ddpm-fleet evaluate fashion --metric bpd --count 64 --split test --out terms.npz
  ddpm-fleet evaluate fashion --metric fid --features inception/ --feature-range 0:255 --count 10000 --out samples.npz
  ddpm-fleet evaluate samples.npz --metric fid --reference cifar10-train.npz      two files of statistics

fid: features come from a model that you name; statistics (mu, sigma) are those of pytorch-fid, and those of the data
set are kept for the next time.`;

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('measure a trained model: bits per dimension, or FID with features of a model that you name')
    .argument('<target>', 'a run (name or directory), a checkpoint directory, or an .npz of statistics')
    .addOption(new Option('--metric <name>', 'what to measure').choices(['bpd', 'fid']).makeOptionMandatory())
    .option('--count <n>', 'bpd: images of the data set (64); fid: samples (2560)', positiveInteger)
    .option('--seed <n>', 'seed of the noise', nonNegativeInteger, 0)
    .addOption(new Option('--split <name>', 'of the data set, as data.split; default: the config’s'))
    .option('--data-path <path>', 'where the data set lies now; default: the config’s')
    .option('--out <file>', 'bpd: terms by t; fid: statistics of the samples (.npz)')
    .option('--features <path>', 'fid: a SavedModel directory or the model.json of a TF.js graph model')
    .addOption(
      new Option('--feature-range <range>', 'fid: black and white as that model takes them')
        .choices(Object.keys(RANGES))
        .default('-1:1'),
    )
    .option(
      '--feature-output <name>',
      'fid: which of its outputs, by the name in its signature, where it has several',
    )
    .option('--reference <file>', 'fid: statistics (.npz) to compare with in place of the data set’s')
    .option('--class <which>', 'fid: one class, several or each; default: in turn');
  addWeightsOptions(command);
  addSamplerOptions(command, 'ddim');
  addPartOptions(command);
  return command.addOption(jsonOption()).addHelpText('after', EXAMPLES).action(run);
}

async function run(target: string, flags: EvaluateFlags): Promise<void> {
  if (target.endsWith('.npz')) return compareStatistics(target, flags);
  const trained = await loadTrained(target, flags);
  return flags.metric === 'bpd' ? evaluateBpd(trained, flags) : evaluateFid(trained, flags);
}
