import { writeFile } from 'node:fs/promises';
import { loadConfig } from '@ddpm-fleet/config';
import { assertAccepted, type Strictness } from '@ddpm-fleet/core';
import { inspectDataset, openDataset, type Dataset } from '@ddpm-fleet/data';
import { gridPng } from '@ddpm-fleet/inference';
import { Command } from 'commander';
import { dataCacheCommand } from './dataCache.js';
import { addStrictOptions, collect, jsonOption, positiveInteger } from '../options.js';
import { note, print, printJson, sayNotes } from '../output.js';

interface InspectFlags extends Strictness {
  readonly set: string[];
  readonly json?: boolean;
  readonly out?: string;
  readonly count: number;
  readonly publish?: boolean;
}

const PREPARE_EXAMPLES = `
Examples:
  ddpm-fleet data prepare configs/cifar10.yaml
  ddpm-fleet data prepare faces.yaml --set data.path=s3://pictures/faces --publish      once, before the first launch`;

export function dataCommand(): Command {
  const data = new Command('data').description('look at a data set before training on it');
  addStrictOptions(data.command('inspect'))
    .description('decode a data set once and say what it is: images, size, classes, hash, licence')
    .argument('<config>', 'YAML file with a data section')
    .option('--set <path=value>', 'override a setting, e.g. data.path=/data/faces', collect, [])
    .option('--out <file>', 'also write a grid of the first images as PNG')
    .option('--count <n>', 'images in that grid', positiveInteger, 64)
    .addOption(jsonOption())
    .action(inspect);
  addStrictOptions(data.command('prepare'))
    .description('decode a data set into the cache, so that launches start at once')
    .argument('<config>', 'YAML file with a data section')
    .option('--set <path=value>', 'override a setting', collect, [])
    .option(
      '--publish',
      'data on S3: leave beside it what lets every other machine read only the images it needs',
    )
    .addHelpText('after', PREPARE_EXAMPLES)
    .action(async (file: string, flags: Omit<InspectFlags, 'count'>) =>
      inspect(file, { ...flags, count: 0 }),
    );
  data.addCommand(dataCacheCommand());
  return data;
}

async function inspect(file: string, flags: InspectFlags): Promise<void> {
  const config = loadConfig({ file, set: flags.set });
  const dataset = await openDataset(config.data, {
    publish: flags.publish ?? false,
    onNotice: note,
    onProgress: (done, total) => {
      if (done % 10_000 === 0 && done > 0) note(`decoded ${done} of ${total}`);
    },
  });
  try {
    if (flags.out) await writeGrid(dataset, flags.out, flags.count);
    const { notes, ...facts } = inspectDataset(dataset, config);
    if (flags.json) printJson({ ...facts, notes });
    else for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(10)}  ${text(value)}`);
    sayNotes(flags.json ? [] : notes);
    assertAccepted(notes, flags);
  } finally {
    await dataset.close();
  }
}

function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function writeGrid(dataset: Dataset, out: string, wanted: number): Promise<void> {
  const { imageSize: size, channels } = dataset;
  const shown = Math.min(wanted, dataset.size);
  const pixels = new Uint8Array(shown * size * size * channels);
  await dataset.read(
    Uint32Array.from({ length: shown }, (_, i) => i),
    pixels,
  );
  await writeFile(out, await gridPng({ pixels, count: shown, size, channels }));
  note(`grid of ${shown} images: ${out}`);
}
