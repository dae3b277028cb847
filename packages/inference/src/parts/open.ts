import type { Engine } from '@ddpm-fleet/engine';
import type { TrainedModel } from '../denoiser.js';
import { openBpdPart } from './bpdPart.js';
import { openDataFeaturesPart } from './dataFeaturesPart.js';
import { openDistancePart } from './distancePart.js';
import { openSamplePart } from './samplePart.js';
import type { ComputePart, Task } from './task.js';

/** Makes a process ready to compute parts of a task. @param model read only where the task needs it */
export async function openTask(
  engine: Engine,
  model: () => Promise<TrainedModel>,
  task: Task,
): Promise<ComputePart> {
  switch (task.kind) {
    case 'sample':
      return openSamplePart(engine, await model(), task);
    case 'bpd':
      return openBpdPart(engine, await model(), task);
    case 'dataFeatures':
      return openDataFeaturesPart(task);
    case 'distance':
      return openDistancePart(engine, task);
  }
}
