import type { Derived } from '@ddpm-fleet/core';
import { emptyLossHistory, type LossHistory } from '@ddpm-fleet/diffusion';
import type { TrainingPlan } from './trainingPlan.js';

const COUNTS = 'lossHistory.counts';
const LOSSES = 'lossHistory.losses';

/** The history that a run keeps: of importance-sampled t, or none. */
export function initialHistory({ config }: TrainingPlan): LossHistory | undefined {
  const { timestepSampler, numTimesteps } = config.diffusion;
  return timestepSampler === 'lossSecondMoment' ? emptyLossHistory(numTimesteps) : undefined;
}

/** The history as part of the training state. */
export function derivedOf(history: LossHistory | undefined): readonly Derived[] {
  if (!history) return [];
  return [
    { name: COUNTS, values: history.counts.slice() },
    { name: LOSSES, values: history.losses.slice() },
  ];
}

export function historyOf(plan: TrainingPlan, derived: readonly Derived[]): LossHistory | undefined {
  const empty = initialHistory(plan);
  if (!empty) return undefined;
  const values = (name: string, size: number): Float32Array => {
    const found = derived.find((entry) => entry.name === name)?.values;
    if (found?.length !== size) throw new RangeError(`the state has no ${name} of ${size} elements`);
    return found.slice();
  };
  return { counts: values(COUNTS, empty.counts.length), losses: values(LOSSES, empty.losses.length) };
}
