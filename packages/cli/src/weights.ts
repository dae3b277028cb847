import { InvalidArgumentError, Option, type Command } from 'commander';
import type { EmaProfile } from '@ddpm-fleet/core';
import { DECIMAL, nonNegativeInteger } from './options.js';

/** Which weights of a run a command works with. */
export interface WeightsFlags {
  /** `raw`, or an average that the run tracked. */
  readonly weights?: string;
  readonly emaStd?: number;
  readonly emaDecay?: number;
  readonly step?: number;
}

const MADE = 'put together from the snapshots of averages (ema.snapshotEvery)';

export function addWeightsOptions(command: Command): Command {
  return command
    .option(
      '--weights <name>',
      'raw, ema-DECAY or ema-std-WIDTH, as the run tracked them; default: the first EMA of the config',
    )
    .addOption(
      new Option('--ema-std <width>', `the power average of that width, tracked or ${MADE}`)
        .argParser(width)
        .conflicts(['weights', 'emaDecay']),
    )
    .addOption(
      new Option('--ema-decay <decay>', `the exponential average of that decay, tracked or ${MADE}`)
        .argParser(decay)
        .conflicts('weights'),
    )
    .option('--step <n>', 'weights after this step; default: the last', nonNegativeInteger);
}

/** The average that the flags ask for by its profile. */
export function profileAsked({ emaStd, emaDecay }: WeightsFlags): EmaProfile | undefined {
  if (emaStd !== undefined) return { relativeStd: emaStd };
  return emaDecay === undefined ? undefined : { decay: emaDecay };
}

export function width(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || !(value >= 0.005 && value <= 0.28))
    throw new InvalidArgumentError('a width from 0.005 to 0.28 is needed.');
  return value;
}

function decay(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || !(value > 0 && value < 1))
    throw new InvalidArgumentError('a number between 0 and 1 is needed.');
  return value;
}
