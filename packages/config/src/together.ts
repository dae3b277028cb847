import { fleetError } from '@ddpm-fleet/core';
import type { RunConfig } from './types.js';

/** Rules over more than one setting of this package's own; those of model and diffusion live there. */
export function checkTogether(config: RunConfig): void {
  const { fleet, optimizer, diffusion, ema, model } = config;
  const refuse = (key: string, must: string, value: unknown): never => {
    throw fleetError('DDPM_ERR_CONFIG_VALUE', {
      place: 'the resolved config',
      key,
      must,
      value: JSON.stringify(value),
    });
  };
  if (fleet.minWorkers > fleet.maxWorkers)
    refuse('fleet.minWorkers', 'must not be above fleet.maxWorkers', fleet.minWorkers);
  if (fleet.livenessMs < 2 * fleet.heartbeatMs)
    refuse('fleet.livenessMs', 'must be at least two heartbeats (fleet.heartbeatMs)', fleet.livenessMs);
  if (
    ['cosine', 'linear'].includes(optimizer.lrSchedule) &&
    optimizer.scheduleSteps <= optimizer.warmupSteps
  ) {
    refuse(
      'optimizer.scheduleSteps',
      `must be above optimizer.warmupSteps for the ${optimizer.lrSchedule} schedule`,
      optimizer.scheduleSteps,
    );
  }
  if (ema.snapshotEvery > 0 && ema.power.length === 0)
    refuse('ema.snapshotEvery', 'needs widths in ema.power, e.g. [0.05, 0.1]', ema.snapshotEvery);
  if (diffusion.labelDropProb > 0 && model.numClasses === 0) {
    refuse('diffusion.labelDropProb', 'needs model.numClasses above 0', diffusion.labelDropProb);
  }
}
