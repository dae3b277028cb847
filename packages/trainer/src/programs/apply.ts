import * as tf from '@tensorflow/tfjs-core';
import type { ProgramSpec } from '@ddpm-fleet/engine';
import type { Plan } from '../plan.js';
import { SCALAR } from './shape.js';

/** The variable that holds the EMA of a decay. */
export function emaVariable(decay: number): string {
  return `ema-${decay}`;
}

/**
 * Takes the tree's root into `carry` and gives the norm of the mean gradient, `norm` [], before clipping. Nothing of
 * the training state has changed yet: a norm that is not finite can still be refused.
 */
export function rootProgram({ layout, globalBatchSize }: Plan): ProgramSpec {
  return {
    inputs: { root: { shape: [layout.size], dtype: 'float32' } },
    body(context) {
      const root = context.input('root');
      const norm = tf.div(tf.sqrt(tf.sum(tf.square(root))), globalBatchSize);
      return { outputs: { norm }, assign: { carry: root } };
    },
  };
}

/**
 * Adam and the EMAs, from the root in `carry`. Inputs [] that change with the step: `clip`, the factor of the mean
 * gradient; `stepSize`, `epsilon`, `decay` (`adamScalars`); `ema-<decay>`, the weight of the new parameters.
 * Averages move by weight * (new - old): written as a weighted sum the two rounded factors do not add up to one.
 */
export function applyProgram(plan: Plan): ProgramSpec {
  const { decays, globalBatchSize } = plan;
  const { beta1, beta2, gradClip, kind } = plan.config.optimizer;
  const emas = decays.map(emaVariable);
  const scalars = ['clip', 'stepSize', 'epsilon', 'decay', ...emas];
  return {
    inputs: Object.fromEntries(scalars.map((name) => [name, SCALAR])),
    body({ input, read }) {
      const mean = tf.div(read('carry'), globalBatchSize);
      const gradient = gradClip === 'mean' ? tf.mul(mean, input('clip')) : mean;
      const m = towards(read('m'), gradient, 1 - beta1);
      const v = towards(read('v'), tf.square(gradient), 1 - beta2);
      const step = tf.mul(tf.div(m, tf.add(tf.sqrt(v), input('epsilon'))), input('stepSize'));
      const old = read('params');
      const decayed = kind === 'adamw' ? tf.sub(old, tf.mul(old, input('decay'))) : old;
      const params = tf.sub(decayed, step);
      const averages = emas.map((name) => [name, towards(read(name), params, input(name))]);
      return { assign: { m, v, params, ...(Object.fromEntries(averages) as Record<string, tf.Tensor>) } };
    },
  };
}

/** An EMA becomes the parameters, exactly. */
export function copyToEmaProgram(decay: number): ProgramSpec {
  return { inputs: {}, body: ({ read }) => ({ assign: { [emaVariable(decay)]: tf.clone(read('params')) } }) };
}

function towards(old: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | number): tf.Tensor {
  return tf.add(old, tf.mul(tf.sub(target, old), weight));
}
