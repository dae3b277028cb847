import { openAverages, SnapshotAverages } from '@ddpm-fleet/checkpoint';
import { emaName } from '@ddpm-fleet/core';
import { RANGES } from '@ddpm-fleet/inference';
import { Command, Option } from 'commander';
import { widthRange } from '../emaSweep/candidates.js';
import { sweep } from '../emaSweep/sweep.js';
import { thin } from '../emaSweep/thin.js';
import { jsonOption, nonNegativeInteger, positiveInteger } from '../options.js';
import { bytes, note, print, printJson, printTable } from '../output.js';
import { addPartOptions } from '../parts/flags.js';
import { addSamplerOptions } from '../sampling/flags.js';
import { findTarget } from '../target.js';

const TARGET = 'a run (name or directory), a checkpoint directory, or s3://bucket/prefix';

const EXAMPLES = `
Examples:
  ddpm-fleet ema sweep fashion --std 0.02:0.25
  ddpm-fleet ema sweep runs/cifar10 --std 0.03:0.15 --metric fid --features inception/ --feature-range 0:255

Every width is put together from the run's snapshots (ema.power, ema.snapshotEvery) and judged; lower is better. The
figures do not depend on --workers, and a sweep that was cut off goes on where it was.`;

export function emaCommand(): Command {
  const ema = new Command('ema').description(
    'averages of a run after the fact: what there is, and the best width',
  );
  ema
    .command('list')
    .description('the snapshots of averages of a run, and the widths that can be put together of them')
    .argument('<target>', TARGET)
    .addOption(jsonOption())
    .action(list);
  ema
    .command('thin')
    .description('remove snapshots, evenly, and say which widths can still be put together of the others')
    .argument('<target>', TARGET)
    .requiredOption('--keep <n>', 'snapshots that stay; the last always does', positiveInteger)
    .option('--dry-run', 'say it and remove nothing')
    .action(thin);
  const command = ema
    .command('sweep')
    .description('judge averages of many widths: table, curve, and the best one exported')
    .argument('<target>', TARGET)
    .option('--std <from:to>', 'widths', widthRange, widthRange('0.02:0.25'))
    .option('--widths <n>', 'how many, at equal ratios', positiveInteger, 12)
    .option('--step <n>', 'averages after this step; default: that of the last snapshot', nonNegativeInteger)
    .option('--out <dir>', 'where results, curve and weights go; default: ema-sweep/ in the run');
  addMetricOptions(command);
  addSamplerOptions(command, 'ddim');
  addPartOptions(command);
  command.addOption(jsonOption()).addHelpText('after', EXAMPLES).action(sweep);
  return ema;
}

function addMetricOptions(command: Command): void {
  const [metrics, ranges] = [['heldOut', 'bpd', 'fid'], Object.keys(RANGES)];
  const metric = new Option('--metric <name>', 'heldOut: the loss that the run logs; bpd, fid: as evaluate');
  const range = new Option('--feature-range <range>', 'fid: as for evaluate');
  command
    .addOption(metric.choices(metrics).default('heldOut'))
    .option('--count <n>', 'bpd: images (64); fid: samples (2560)', positiveInteger)
    .option('--seed <n>', 'bpd, fid: seed of the noise', nonNegativeInteger, 0)
    .option('--split <name>', 'of the data set, as data.split; default: the config’s')
    .option('--data-path <path>', 'where the data set lies now; default: the config’s')
    .option('--features <path>', 'fid: as for evaluate')
    .addOption(range.choices(ranges).default('-1:1'))
    .option('--feature-output <name>', 'fid: as for evaluate')
    .option('--reference <file>', 'fid: as for evaluate')
    .option('--class <which>', 'fid: as for evaluate');
}

async function list(text: string, { json }: { readonly json?: boolean }): Promise<void> {
  const store = openAverages(findTarget(text).store.location);
  const infos = await store.list();
  const whole = infos.some(({ manifest }) => manifest !== undefined);
  const range = whole ? (await SnapshotAverages.open(store)).range() : undefined;
  if (json) return printJson({ snapshots: infos, range });
  if (infos.length === 0) return note(`no snapshots of averages in ${store.location}`);
  printTable(
    ['step', 'size', 'type', 'averages', ''],
    infos.map(({ globalStep, sizeBytes, manifest, problem }) => [
      globalStep,
      bytes(sizeBytes),
      manifest?.type ?? '',
      manifest?.files.map(({ relativeStd }) => emaName({ relativeStd })).join(', ') ?? '',
      problem === undefined ? '' : `BAD: ${problem}`,
    ]),
  );
  if (range) print(`after step ${infos.at(-1)!.globalStep}: any width from ${range[0]} to ${range[1]}`);
}
