import { Command, InvalidArgumentError, Option } from 'commander';
import type { Strictness } from '@ddpm-fleet/core';
import { samplerPlan, type SamplerOptions, type SamplerPlan } from '@ddpm-fleet/diffusion';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import { DECIMAL, fraction, positiveInteger } from '../options.js';
import type { Trained } from '../trained.js';
import { samplingNotes, tellNotes } from './notes.js';

/** How a chain is run. */
export interface SamplerFlags {
  readonly sampler: 'ddpm' | 'ddim' | 'dpmSolver';
  readonly sampleSteps?: number;
  readonly spacing?: string;
  readonly eta?: number;
  readonly variance?: 'fixedSmall' | 'fixedLarge';
  readonly clip?: 'everyStep' | 'imageOnly' | 'atEnd' | 'never';
  readonly threshold?: number;
  readonly guidance: number;
  readonly guidanceRescale: number;
}

export function addSamplerOptions(command: Command, usual: SamplerFlags['sampler']): Command {
  return command
    .addOption(
      new Option('--sampler <name>', 'ddpm: ancestral; ddim; dpmSolver: DPM-Solver++ (2M)')
        .choices(['ddpm', 'ddim', 'dpmSolver'])
        .default(usual),
    )
    .option(
      '--sample-steps <n>',
      'steps; default: all of them for ddpm, 50 for ddim, 20 for dpmSolver',
      positiveInteger,
    )
    .option(
      '--spacing <name>',
      'even (default), ddim, leading, trailing, linspace, or counts such as 10,15,20',
    )
    .option('--eta <x>', 'ddim: 0 deterministic to 1 as noisy as ancestral', fraction)
    .addOption(
      new Option('--variance <name>', 'ddpm: the other fixed variance than the config’s').choices([
        'fixedSmall',
        'fixedLarge',
      ]),
    )
    .addOption(
      new Option(
        '--clip <when>',
        'clamp the predicted image: everyStep (Ho et al.), imageOnly (ddim: the noise does not follow), atEnd, or never; default: samples.clip of the config',
      ).choices(['everyStep', 'imageOnly', 'atEnd', 'never']),
    )
    .option(
      '--threshold <quantile>',
      'dynamic thresholding in place of the clamp, e.g. 0.995 (Saharia et al.)',
      fraction,
    )
    .option('--guidance <scale>', 'classifier-free guidance, 1 + w of Ho and Salimans; 1: none', scale, 1)
    .option(
      '--guidance-rescale <phi>',
      'bring the guided output back to its own deviation, 0 to 1',
      fraction,
      0,
    );
}

function scale(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('a number, 0 or more, is needed.');
  }
  return value;
}

const USUAL_STEPS = { ddpm: undefined, ddim: 50, dpmSolver: 20 };

export interface ChosenSampler {
  readonly options: SamplerOptions;
  readonly plan: SamplerPlan;
}

/**
 * The sampler that the flags ask of this model, and its steps.
 * @throws DDPM_ERR_SAMPLER, DDPM_ERR_STRICT
 */
export function chooseSampler(
  trained: Trained,
  flags: SamplerFlags & Strictness,
  startT?: number,
): ChosenSampler {
  const { model } = trained;
  const config = diffusionConfigOf(model.config);
  const { sampler, spacing, eta, variance, clip = model.config.samples.clip } = flags;
  const usual = USUAL_STEPS[sampler] ?? config.numTimesteps;
  const options: SamplerOptions = {
    ...{ sampler, clip, sampleSteps: flags.sampleSteps ?? Math.min(usual, config.numTimesteps) },
    ...(spacing !== undefined && { spacing }),
    ...(eta !== undefined && { eta }),
    ...(variance !== undefined && { variance }),
    ...(startT !== undefined && { startT }),
  };
  const plan = samplerPlan(config, options);
  tellNotes(samplingNotes(trained, plan, { guidance: flags.guidance, startT }), flags);
  return { options, plan };
}
