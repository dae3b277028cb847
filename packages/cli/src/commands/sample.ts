import { writeFile } from 'node:fs/promises';
import { samplerPlan, type SamplerPlan } from '@ddpm-fleet/diffusion';
import { Denoiser, encodeNpy, gridPng, sample, toBytes } from '@ddpm-fleet/inference';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import { fleetError } from '@ddpm-fleet/core';
import { Command, Option } from 'commander';
import { withEngine } from '../withEngine.js';
import { engineOption, fraction, nonNegativeInteger, positiveInteger } from '../options.js';
import { note, print } from '../output.js';
import { Progress } from '../progress.js';
import { loadTrained, type Trained } from '../trained.js';

interface SampleFlags {
  readonly weights?: string;
  readonly count: number;
  readonly seed: number;
  readonly sampler: 'ddpm' | 'ddim' | 'dpmSolver';
  readonly sampleSteps?: number;
  readonly eta?: number;
  readonly clip: 'everyStep' | 'atEnd' | 'never';
  readonly class?: number;
  readonly guidance: string;
  readonly batch: number;
  readonly threads?: number;
  readonly engine?: 'auto' | 'tensorflow' | 'wasm';
  readonly out: string;
  readonly npy?: string;
}

export function sampleCommand(): Command {
  return new Command('sample')
    .description('draw images from a trained model')
    .argument('<target>', 'a run (name or directory) or a checkpoint directory')
    .option('--weights <name>', 'ema-DECAY or raw; default: the first EMA of the config')
    .option('--count <n>', 'images', positiveInteger, 64)
    .option('--seed <n>', 'seed of the noise; image i depends on (seed, i) alone', nonNegativeInteger, 0)
    .addOption(
      new Option('--sampler <name>', 'ddpm: ancestral; ddim; dpmSolver: DPM-Solver++ (2M)')
        .choices(['ddpm', 'ddim', 'dpmSolver'])
        .default('ddim'),
    )
    .option(
      '--sample-steps <n>',
      'steps; default: all of them for ddpm, 50 for ddim, 20 for dpmSolver',
      positiveInteger,
    )
    .option('--eta <x>', 'ddim: 0 deterministic to 1 as noisy as ancestral', fraction)
    .addOption(
      new Option(
        '--clip <when>',
        'clamp the predicted image: at every step (Ho et al.), at the end alone, or never',
      )
        .choices(['everyStep', 'atEnd', 'never'])
        .default('everyStep'),
    )
    .option('--class <k>', 'class of the images; default: all classes in turn', nonNegativeInteger)
    .option('--guidance <scale>', 'classifier-free guidance; 1: none', '1')
    .option('--batch <n>', 'images a call', positiveInteger, 16)
    .option('--threads <n>', 'threads; default: all cores', positiveInteger)
    .addOption(engineOption())
    .option('--out <file>', 'PNG grid', 'samples.png')
    .option('--npy <file>', 'also write float32 [count, H, W, C] as .npy')
    .action(run);
}

const USUAL_STEPS = { ddpm: undefined, ddim: 50, dpmSolver: 20 };

async function run(target: string, flags: SampleFlags): Promise<void> {
  const trained = await loadTrained(target, flags.weights);
  const plan = planOf(trained, flags);
  if (plan.notice) note(`note: ${plan.notice}`);
  const labels = labelsOf(trained, flags);
  await withEngine({ kind: flags.engine ?? 'auto', threads: flags.threads }, async (engine) => {
    const scale = Number(flags.guidance);
    const guidance = labels && scale !== 1 ? { guidance: { scale, rescale: 0 } } : {};
    const denoiser = await Denoiser.open(engine, trained.model, { batch: flags.batch, ...guidance });
    const progress = new Progress('sampling', 'steps');
    const images = sample(denoiser, {
      ...{ count: flags.count, seed: flags.seed, plan },
      ...(labels ? { labels } : {}),
      onProgress: (done, total) => progress.at(done, total),
    });
    progress.end();
    denoiser.dispose();
    await write(trained, images, flags);
  });
}

function planOf({ model }: Trained, flags: SampleFlags): SamplerPlan {
  const config = diffusionConfigOf(model.config);
  const usual = USUAL_STEPS[flags.sampler] ?? config.numTimesteps;
  const sampleSteps = flags.sampleSteps ?? Math.min(usual, config.numTimesteps);
  const options = { sampler: flags.sampler, sampleSteps, clip: flags.clip };
  return samplerPlan(config, flags.eta === undefined ? options : { ...options, eta: flags.eta });
}

function labelsOf({ model }: Trained, flags: SampleFlags): Int32Array | undefined {
  const classes = model.config.model.numClasses;
  if (classes === 0) {
    if (flags.class !== undefined)
      throw fleetError('DDPM_ERR_SAMPLE_CLASS', { detail: 'the model has no classes' });
    return undefined;
  }
  if (flags.class !== undefined && flags.class >= classes) {
    throw fleetError('DDPM_ERR_SAMPLE_CLASS', { detail: `classes are 0 to ${classes - 1}` });
  }
  return Int32Array.from({ length: flags.count }, (_, i) => flags.class ?? i % classes);
}

async function write(
  { model, loaded, weightsName }: Trained,
  images: Float32Array,
  flags: SampleFlags,
): Promise<void> {
  const { size, channels } = model.image;
  await writeFile(flags.out, await gridPng({ pixels: toBytes(images), count: flags.count, size, channels }));
  print(`${flags.count} samples of ${weightsName} at step ${loaded.globalStep}: ${flags.out}`);
  if (flags.npy) {
    await writeFile(flags.npy, encodeNpy(images, [flags.count, size, size, channels]));
    print(`float32 values: ${flags.npy}`);
  }
}
