import type { RunConfig } from '@ddpm-fleet/config';
import { addInto, maximalSubtrees, roundToBfloat16, TreeSum } from '@ddpm-fleet/core';
import type { Trainer } from '../../src/index.js';
import { runSlots } from './tiny.js';

/** One step whose slots are cut into runs that end at `ends`. */
export function step(trainer: Trainer, config: RunConfig, globalStep: number, ends: number[]) {
  const { numSlots } = config.batch;
  const isHalf = config.fleet.wireDtype === 'bfloat16';
  const tree = new TreeSum<Float32Array>(numSlots, (left, right) => {
    const sum = addInto(left.slice(), right);
    return isHalf ? roundToBfloat16(sum) : sum;
  });
  const slots = ends.flatMap((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    const run = runSlots(trainer, config, globalStep, start, end);
    maximalSubtrees(numSlots, start, end).forEach((node, j) => tree.push(node, run.partials[j]!));
    return run.slots;
  });
  return {
    root: tree.root!,
    slots,
    t: Int32Array.from(slots.flatMap((slot) => [...slot.t])),
    loss: Float32Array.from(slots.flatMap((slot) => [...slot.loss])),
  };
}

export function applyStep(
  trainer: Trainer,
  config: RunConfig,
  globalStep: number,
): { gradNorm: number; lr: number } {
  const { root, t, loss } = step(trainer, config, globalStep, [config.batch.numSlots]);
  return trainer.apply(root, { t, loss });
}
