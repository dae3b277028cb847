import { AVERAGE_TYPES } from '@ddpm-fleet/checkpoint';
import { emaProfiles, type RunConfig } from '@ddpm-fleet/config';
import type { ParamSpec } from '@ddpm-fleet/model';
import { featureSize, levelsOf } from './featureSize.js';

const FLOAT = 4;

/** What a run will need, told before anything starts. Bytes. */
export interface Estimate {
  readonly parameters: number;
  /** Parameters, two Adam moments, every EMA. */
  readonly stateBytes: number;
  /** State, gradient accumulators and the activations of one slot, of one worker; activations are an estimate. */
  readonly workerBytes: number;
  /** Gradients in, root out, of one worker that sends one subtree; a step moves this per worker. */
  readonly wireBytesPerWorker: number;
  readonly checkpointBytes: number;
  /** All snapshots of averages that the run will write. */
  readonly averagesBytes: number;
  /** Checkpoints kept, and one being written. */
  readonly diskBytes: number;
}

export function estimate(config: RunConfig, specs: readonly ParamSpec[], imageSize: number): Estimate {
  const parameters = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const copies = 3 + emaProfiles(config.ema).length;
  const stateBytes = parameters * copies * FLOAT;
  const accumulators = Math.ceil(Math.log2(config.batch.numSlots)) + 2;
  const wireFloat = config.fleet.wireDtype === 'bfloat16' ? 2 : FLOAT;
  return {
    parameters,
    stateBytes,
    workerBytes:
      stateBytes +
      parameters * accumulators * FLOAT +
      activationBytes(specs, imageSize, config.batch.slotBatchSize),
    wireBytesPerWorker: 2 * parameters * wireFloat,
    checkpointBytes: stateBytes,
    averagesBytes: averagesBytes(config, parameters),
    diskBytes: stateBytes * (config.checkpoint.keepLast + config.checkpoint.keepBest + 1),
  };
}

/** At every multiple of `ema.snapshotEvery`, and at the end. */
function averagesBytes({ ema, train }: RunConfig, parameters: number): number {
  if (ema.snapshotEvery === 0) return 0;
  const snapshots = Math.ceil(train.steps / ema.snapshotEvery);
  return snapshots * ema.power.length * parameters * AVERAGE_TYPES[ema.snapshotType].bytes;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Activations that the backward pass keeps: about this many feature maps beside the output of each convolution (norm,
 * activation, dropout, sum; measured on the CIFAR-10 UNet of Ho et al. at batch 8).
 */
const MAPS_PER_CONVOLUTION = 5;

function activationBytes(specs: readonly ParamSpec[], imageSize: number, batch: number): number {
  const levels = levelsOf(specs.map(({ name }) => name));
  let elements = 0;
  for (const { name, shape } of specs) {
    if (!name.endsWith('/W') || name.startsWith('temb/') || name.includes('temb_proj')) continue;
    elements += featureSize(name, imageSize, levels) ** 2 * shape.at(-1)!;
  }
  return elements * MAPS_PER_CONVOLUTION * batch * FLOAT;
}
