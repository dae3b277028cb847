import { fleetError } from '@ddpm-fleet/core';
import type { OptimizerConfig } from './types.js';

/** How many images there are and how many a step takes; what epochs are counted in. */
export interface EpochLength {
  readonly globalBatchSize: number;
  /** Images of the training set. */
  readonly datasetSize: number;
}

/**
 * Learning rate of the update that takes state `globalStep` to `globalStep + 1`, in float64.
 * Any schedule is scaled by min(globalStep / warmupSteps, 1) (Ho et al., gpu_utils and tpu_utils): with a warm-up
 * the first update has lr 0.
 */
export function learningRate(config: OptimizerConfig, globalStep: number, epochs?: EpochLength): number {
  const { lr, warmupSteps } = config;
  const warmup = warmupSteps === 0 ? 1 : Math.min(globalStep / warmupSteps, 1);
  return lr * warmup * factor(config, globalStep, epochs);
}

/** @throws DDPM_ERR_OPTIMIZER when a schedule in epochs does not know their length, or has none after its warm-up */
export function validateSchedule(config: OptimizerConfig, epochs?: EpochLength): void {
  const { lrSchedule, scheduleEpochs, warmupEpochs } = config;
  if (lrSchedule !== 'warmupCosineEpochs') return;
  if (!epochs) {
    const problem = 'lrSchedule warmupCosineEpochs counts epochs, and the size of the dataset is not known';
    throw fleetError('DDPM_ERR_OPTIMIZER', { problem, remedy: 'Use a schedule in steps.' });
  }
  if (scheduleEpochs > warmupEpochs) return;
  const problem = `scheduleEpochs ${scheduleEpochs} leaves no epoch after the warm-up of ${warmupEpochs}`;
  throw fleetError('DDPM_ERR_OPTIMIZER', { problem, remedy: 'Raise scheduleEpochs (200 is usual).' });
}

function factor(config: OptimizerConfig, globalStep: number, epochs?: EpochLength): number {
  const { scheduleSteps, warmupSteps } = config;
  const left = Math.min(1, Math.max(0, (scheduleSteps - globalStep) / (scheduleSteps - warmupSteps)));
  switch (config.lrSchedule) {
    case 'constant':
      return 1;
    // diffusers, optimization.py: get_cosine_schedule_with_warmup and get_linear_schedule_with_warmup
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * (1 - left)));
    case 'linear':
      return left;
    case 'warmupCosineEpochs':
      return byEpoch(config, Math.floor((globalStep * epochs!.globalBatchSize) / epochs!.datasetSize));
  }
}

/**
 * zoubohao's GradualWarmupScheduler over CosineAnnealingLR(T_max = scheduleEpochs), stepped once an epoch: from 1 to
 * `warmupMultiplier` in a line, then a cosine that starts an epoch later and so does not reach 0.
 */
function byEpoch(config: OptimizerConfig, epoch: number): number {
  const { warmupEpochs, warmupMultiplier, scheduleEpochs } = config;
  if (epoch <= warmupEpochs) {
    return warmupEpochs === 0 ? warmupMultiplier : 1 + ((warmupMultiplier - 1) * epoch) / warmupEpochs;
  }
  const phase = (epoch - warmupEpochs - 1) / scheduleEpochs;
  return warmupMultiplier * 0.5 * (1 + Math.cos(Math.PI * phase));
}
