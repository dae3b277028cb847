import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { gridPng, interpolationLatents, toBytes, type SampleTask } from '@ddpm-fleet/inference';
import { dataConfigOf, readImages, withDataset, type DataFlags } from '../evaluate/images.js';
import { nonNegativeInteger, positiveInteger } from '../options.js';
import { note, print } from '../output.js';
import type { PartFlags } from '../parts/compute.js';
import { addPartOptions } from '../parts/flags.js';
import { draw } from '../sampling/draw.js';
import {
  addSamplerOptions,
  chooseSampler,
  type ChosenSampler,
  type SamplerFlags,
} from '../sampling/flags.js';
import { loadTrained, type Trained } from '../trained.js';
import { addWeightsOptions, type WeightsFlags } from '../weights.js';

interface InterpolateFlags extends SamplerFlags, PartFlags, DataFlags, WeightsFlags {
  readonly pairs: readonly (readonly [number, number])[];
  readonly t?: number;
  readonly columns: number;
  readonly mix: 'linear' | 'constantVariance';
  readonly seed: number;
  readonly batch: number;
  readonly out: string;
}

const EXAMPLES = `
Examples:
  ddpm-fleet interpolate quickstart --pairs 0:5,12:40 --t 500 --columns 9 --out between.png
  ddpm-fleet interpolate quickstart --sampler ddim --t 700        without noise on the way: smoother rows`;

export function interpolateCommand(): Command {
  const command = new Command('interpolate')
    .description('images between two of the data set (Ho et al. 2020, figure 8), a row a pair')
    .argument('<target>', 'a run (name or directory) or a checkpoint directory')
    .option('--pairs <i:j,...>', 'numbers of the images', parsePairs, parsePairs('0:1,2:3,4:5,6:7'))
    .option('--t <n>', 'how far both are noised; default: half of the chain', nonNegativeInteger)
    .option('--columns <n>', 'mixtures a pair, both ends included', positiveInteger, 9)
    .addOption(
      new Option('--mix <how>', 'linear (Ho et al.), or with noise as strong in the middle as at the ends')
        .choices(['linear', 'constantVariance'])
        .default('linear'),
    )
    .option('--seed <n>', 'seed of the noise', nonNegativeInteger, 0)
    .addOption(new Option('--split <name>', 'of the data set, as data.split; default: the config’s'))
    .option('--data-path <path>', 'where the data set lies now; default: the config’s');
  addWeightsOptions(command);
  addSamplerOptions(command, 'ddpm');
  addPartOptions(command);
  return command
    .option('--out <file>', 'PNG: both originals at the ends of each row', 'interpolation.png')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

function parsePairs(text: string): [number, number][] {
  return text.split(',').map((pair) => {
    const [, a, b] = /^(\d+):(\d+)$/.exec(pair) ?? [];
    if (a === undefined) throw new InvalidArgumentError('pairs of numbers are needed, e.g. 0:5,12:40.');
    return [Number(a), Number(b)];
  });
}

async function run(target: string, flags: InterpolateFlags): Promise<void> {
  const trained = await loadTrained(target, flags);
  const T = trained.model.config.diffusion.numTimesteps;
  const asked = flags.t ?? Math.floor(T / 2);
  const sampler = chooseSampler(trained, flags, asked);
  const t = sampler.plan.steps[0]!.t;
  if (t !== asked) note(`noised to t = ${t}, the nearest below ${asked} that the chain visits`);
  const columns = Math.max(2, flags.columns);
  const originals = await withDataset(dataConfigOf(trained, flags), 0, (dataset) =>
    readImages(dataset, flags.pairs.flat()),
  );
  const { seed, mix } = flags;
  const latents = interpolationLatents(trained.model, { images: originals, t, columns, seed, mix });
  const images = await decode(trained, latents, sampler, { ...flags, columns });
  await writeRows(trained, originals, images, { ...flags, columns });
  print(`${flags.pairs.length} pairs, ${columns} mixtures each, noised to t = ${t}: ${flags.out}`);
}

async function decode(
  trained: Trained,
  latents: Float32Array,
  sampler: ChosenSampler,
  flags: InterpolateFlags,
): Promise<Float32Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'ddpm-fleet-interpolate-'));
  const start = join(scratch, 'latents');
  const { seed, batch, pairs, columns, threshold } = flags;
  const { numClasses } = trained.model.config.model;
  const count = pairs.length * columns;
  const task: SampleTask = {
    ...{
      kind: 'sample',
      count,
      seed,
      batch,
      partSize: batch,
      sampler: sampler.options,
      frames: 0,
      predictions: 0,
    },
    start,
    // Between two classes there is none: the null label.
    ...(numClasses > 0 && { labels: new Array<number>(count).fill(numClasses) }),
    ...(threshold !== undefined && { threshold }),
  };
  try {
    await writeFile(start, new Uint8Array(latents.buffer, latents.byteOffset, latents.byteLength));
    return (await draw(trained, task, sampler, flags)).images;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Original, mixtures, original. */
async function writeRows(
  { model }: Trained,
  originals: Uint8Array,
  images: Float32Array,
  { pairs, columns, out }: InterpolateFlags,
): Promise<void> {
  const { size, channels } = model.image;
  const bytes = size * size * channels;
  const mixed = toBytes(images);
  const pixels = Buffer.concat(
    pairs.flatMap((_, row) => [
      originals.subarray(2 * row * bytes, (2 * row + 1) * bytes),
      mixed.subarray(row * columns * bytes, (row + 1) * columns * bytes),
      originals.subarray((2 * row + 1) * bytes, (2 * row + 2) * bytes),
    ]),
  );
  const count = pairs.length * (columns + 2);
  await writeFile(out, await gridPng({ pixels, count, size, channels }, columns + 2));
}
