import * as tf from '@tensorflow/tfjs-core';
import { emaName, type EmaProfile } from '@ddpm-fleet/core';
import type { ProgramSpec } from '@ddpm-fleet/engine';
import type { TrainingPlan } from '../trainingPlan.js';
import { SCALAR } from './shape.js';

/** The variable that holds an average. */
export const emaVariable = emaName;

/**
 * Takes the tree's root into `carry` and gives the norm of the mean gradient, `norm` [], before clipping. Nothing of
 * the training state has changed yet: a norm that is not finite can still be refused.
 */
export function rootProgram({ layout, globalBatchSize }: TrainingPlan): ProgramSpec {
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
 * gradient; `stepSize`, `epsilon`, `decay` (`adamScalars`); under the name of each
 * average, the weight of the new parameters in it.
 * Averages move by weight * (new - old): written as a weighted sum the two rounded factors do not add up to one.
 */
export function applyProgram(plan: TrainingPlan): ProgramSpec {
  const emas = plan.averages.map(emaVariable);
  const scalars = ['clip', 'stepSize', 'epsilon', 'decay', ...emas];
  return {
    inputs: Object.fromEntries(scalars.map((name) => [name, SCALAR])),
    body({ input, read }) {
      const { params, m, v } = adam(plan, input, read);
      const averages = emas.map((name) => [name, towards(read(name), params, input(name))]);
      return { assign: { m, v, params, ...(Object.fromEntries(averages) as Record<string, tf.Tensor>) } };
    },
  };
}

type Named = (name: string) => tf.Tensor;

function adam(plan: TrainingPlan, input: Named, read: Named): Record<'params' | 'm' | 'v', tf.Tensor> {
  const { beta1, beta2, gradClip, kind } = plan.config.optimizer;
  const clips = gradClip === 'mean';
  const decays = kind === 'adamw';
  const old = { params: read('params'), m: read('m'), v: read('v'), root: read('carry') };
  const [stepSize, epsilon] = [input('stepSize'), input('epsilon')];
  const attrs = { count: plan.globalBatchSize, rateM: 1 - beta1, rateV: 1 - beta2 };
  if (isFused(FUSED_ADAM)) {
    const clip = clips ? input('clip') : tf.scalar(1);
    const decay = decays ? input('decay') : tf.scalar(0);
    const outputs = tf.engine().runKernel(FUSED_ADAM, { ...old, clip, stepSize, epsilon, decay }, attrs);
    const [params, m, v] = outputs as unknown as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { params, m, v };
  }
  const mean = tf.div(old.root, attrs.count);
  const gradient = clips ? tf.mul(mean, input('clip')) : mean;
  const m = towards(old.m, gradient, attrs.rateM);
  const v = towards(old.v, tf.square(gradient), attrs.rateV);
  const step = tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), stepSize);
  const decayed = decays ? tf.sub(old.params, tf.mul(old.params, input('decay'))) : old.params;
  return { params: tf.sub(decayed, step), m, v };
}

/** An EMA becomes the parameters, exactly. */
export function copyToEmaProgram(profile: EmaProfile): ProgramSpec {
  return {
    inputs: {},
    body: ({ read }) => ({ assign: { [emaVariable(profile)]: tf.clone(read('params')) } }),
  };
}

/** Kernels of the compiled engine that do the same in one pass over memory each. */
const FUSED_ADAM = 'FusedAdam';
const FUSED_TOWARDS = 'FusedTowards';

function isFused(kernel: string): boolean {
  return tf.getKernel(kernel, tf.getBackend()) !== undefined;
}

function towards(old: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | number): tf.Tensor {
  if (isFused(FUSED_TOWARDS) && typeof weight !== 'number')
    return tf.engine().runKernel(FUSED_TOWARDS, { old, target, weight });
  return tf.add(old, tf.mul(tf.sub(target, old), weight));
}
