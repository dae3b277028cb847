import { drawUniform, Purpose, u64Pair } from '@ddpm-fleet/core';
import { drawTimesteps, type LossHistory } from '@ddpm-fleet/diffusion';
import { withNullLabels } from './nullLabels.js';
import type { TrainingPlan } from './trainingPlan.js';

export interface SlotArgs {
  readonly slot: number;
  /** First slot of the run that it belongs to; the slots of a run come in order. */
  readonly runStart: number;
  /** Stream position of its first image. */
  readonly position: bigint;
  /** uint8 [slotBatchSize, size, size, channels] */
  readonly images: Uint8Array;
  /** [slotBatchSize], below 0 for an image without one; needed where the model has classes. */
  readonly labels?: Int32Array;
  readonly globalStep: number;
}

/** Inputs of the slot program. A type, so that it is assignable to a record. */
export type SlotInputs = {
  readonly images: Uint8Array;
  readonly position: Int32Array;
  readonly t: Int32Array;
  readonly weights?: Float32Array;
  readonly labels?: Int32Array;
};

/** t is drawn on the host, in float64 where it is not uniform; everything else on the device. */
export function slotInputs(plan: TrainingPlan, args: SlotArgs, history: LossHistory | undefined): SlotInputs {
  const { config, shape, globalBatchSize } = plan;
  const { position, images, labels } = args;
  const { t, weights } = drawTimesteps({
    sampler: config.diffusion.timestepSampler,
    numTimesteps: config.diffusion.numTimesteps,
    seed: config.seed,
    position,
    count: shape[0],
    globalBatchSize,
    ...(history && { history }),
  });
  return {
    images,
    position: u64Pair(position),
    t,
    ...(weights && { weights }),
    ...(labels && config.model.numClasses > 0 && { labels: withNullLabels(labels, config.model.numClasses) }),
  };
}

/** A slot of black images. */
export function emptySlot({ shape }: TrainingPlan): SlotArgs {
  const [count, height, width, channels] = shape;
  return {
    slot: 0,
    runStart: 0,
    position: 0n,
    images: new Uint8Array(count * height * width * channels),
    labels: new Int32Array(count),
    globalStep: 0,
  };
}

/** The coin of self-conditioning: one a step, so that all slots run the same program. */
export function isConditioned({ config }: TrainingPlan, globalStep: number): boolean {
  if (!config.diffusion.selfConditioning) return false;
  const address = { seed: config.seed, purpose: Purpose.selfCondition, counter: BigInt(globalStep) };
  return drawUniform(address, 1, 1)[0]! < 0.5;
}
