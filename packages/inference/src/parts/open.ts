import type { Engine } from '@ddpm-fleet/engine';
import type { TrainedModel } from '../denoiser.js';
import { openBpdPart } from './bpdPart.js';
import { openDataFeaturesPart } from './dataFeaturesPart.js';
import { openSamplePart } from './samplePart.js';
import type { ComputePart, Task } from './task.js';

/** Makes a process ready to compute parts of a task. */
export function openTask(engine: Engine, model: TrainedModel, task: Task): Promise<ComputePart> {
  switch (task.kind) {
    case 'sample':
      return openSamplePart(engine, model, task);
    case 'bpd':
      return openBpdPart(engine, model, task);
    case 'dataFeatures':
      return openDataFeaturesPart(task);
  }
}
