import type { Tensor } from '@ddpm-fleet/checkpoint';
import { viewOf, type ParamLayout } from '@ddpm-fleet/core';
import type { RunConfig } from '@ddpm-fleet/config';
import type { ReplayedSlot } from '@ddpm-fleet/trainer';
import type { ReplayedStep } from './replay.js';

type Floats = 'xStart' | 'noise' | 'xT' | 'loss';

/**
 * Everything that a step was made of: `position` int32 [G], `t` int32 [G], `x_start`, `noise`, `x_t` float32 NHWC in
 * [-1, 1] where they are images, `loss` float32 [G], and `grad/<parameter>`, the gradient of the mean loss before
 * clipping.
 */
export function stepTensors(
  { globalStep, slots, root }: ReplayedStep<ReplayedSlot>,
  config: RunConfig,
  image: { readonly size: number; readonly channels: number },
  layout: ParamLayout,
): Tensor[] {
  const images = config.batch.numSlots * config.batch.slotBatchSize;
  const shape = [images, image.size, image.size, image.channels];
  const floats = (name: string, key: Floats, of: readonly number[]): Tensor => {
    const values = new Float32Array(of.reduce((a, b) => a * b, 1));
    slots.forEach((slot, i) => values.set(slot[key], i * slot[key].length));
    return { name, shape: of, values };
  };
  const mean = root.map((sum) => sum / images);
  return [
    {
      name: 'position',
      shape: [images],
      values: Int32Array.from({ length: images }, (_, i) => globalStep * images + i),
    },
    { name: 't', shape: [images], values: Int32Array.from(slots.flatMap(({ t }) => [...t])) },
    floats('x_start', 'xStart', shape),
    floats('noise', 'noise', shape),
    floats('x_t', 'xT', shape),
    floats('loss', 'loss', [images]),
    ...layout.entries.map((entry) => ({
      name: `grad/${entry.name}`,
      shape: entry.shape,
      values: viewOf(mean, entry),
    })),
  ];
}
