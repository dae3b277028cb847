import * as tf from '@tensorflow/tfjs-core';
import { Purpose } from '@ddpm-fleet/core';
import { trainingLosses } from '@ddpm-fleet/diffusion';
import type { ProgramSpec } from '@ddpm-fleet/engine';
import { splitParams, unet } from '@ddpm-fleet/model';
import type { TrainingPlan } from '../trainingPlan.js';
import { addressOf, scaled } from './draws.js';
import { POSITION } from './shape.js';

/**
 * Losses `loss` [B] of fixed images, with the weights that lie in `carry`, which is free between runs of slots: one
 * program serves raw weights and every EMA. Dropout is off; the noise belongs to the image's `position`.
 */
export function heldOutProgram(plan: TrainingPlan): ProgramSpec {
  const { config, shape, layout } = plan;
  return {
    inputs: {
      images: { shape, dtype: 'uint8' },
      position: POSITION,
      t: { shape: [shape[0]], dtype: 'int32' },
      ...(config.model.numClasses > 0 && { labels: { shape: [shape[0]], dtype: 'int32' } }),
    },
    body(context) {
      const params = splitParams(context.read('carry'), layout);
      const xStart = scaled(context.input('images'));
      const label = config.model.numClasses > 0 ? { label: context.input('labels') as tf.Tensor1D } : {};
      const { loss } = trainingLosses<tf.Tensor>({
        diffusion: plan.diffusion,
        model: (xT, t) => {
          const x = config.diffusion.selfConditioning ? tf.concat([xT, tf.zerosLike(xStart)], 3) : xT;
          return unet(plan.unet, (name) => params.get(name)!, x as tf.Tensor4D, t as tf.Tensor1D, label);
        },
        xStart,
        t: context.input('t'),
        noise: context.random.normal(addressOf(context, config.seed, Purpose.heldOutNoise), shape),
      });
      return { outputs: { loss } };
    },
  };
}

/** Puts weights where `heldOutProgram` reads them. */
export function stageProgram(variable: string): ProgramSpec {
  return { inputs: {}, body: ({ read }) => ({ assign: { carry: tf.clone(read(variable)) } }) };
}
