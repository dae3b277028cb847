import type { Engine } from '@ddpm-fleet/engine';
import type { TrainedModel } from '../denoiser.js';
import { openBpdPart } from './bpdPart.js';
import { openDataFeaturesPart } from './dataFeaturesPart.js';
import { openDistancePart } from './distancePart.js';
import { openHeldOutPart } from './heldOutPart.js';
import { openSamplePart } from './samplePart.js';
import type { ComputePart, Task } from './task.js';

/** Makes a process ready to compute parts of a task. @param models read only where the task needs them */
export async function openTask(
  engine: Engine,
  models: (index: number) => Promise<TrainedModel>,
  task: Task,
): Promise<ComputePart> {
  switch (task.kind) {
    case 'sample':
      return openSamplePart(engine, await models(0), task);
    case 'bpd':
      return openBpdPart(engine, await models(0), task);
    case 'heldOut':
      return openHeldOutPart(engine, models, task);
    case 'dataFeatures':
      return openDataFeaturesPart(task);
    case 'distance':
      return openDistancePart(engine, task);
  }
}
