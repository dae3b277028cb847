import * as tf from '@tensorflow/tfjs-core';
import { trainingLosses } from '@ddpm-fleet/diffusion';
import type { ProgramContext, ProgramSpec, TensorSpec } from '@ddpm-fleet/engine';
import { joinParams, splitParams, unet } from '@ddpm-fleet/model';
import type { TrainingPlan } from '../trainingPlan.js';
import { slotDraws, type SlotDraws } from './draws.js';
import { POSITION } from './shape.js';

/**
 * Gradients smaller than this are zero. TensorFlow's sums flush results below 2^-126 to zero and JavaScript's do not;
 * sums of floats that are zero or at least 2^-100 in magnitude are multiples of 2^-123 and never get there, so that
 * a node of the reduction tree has the same bytes whoever adds it.
 */
const SMALLEST_GRADIENT = 2 ** -100;

/**
 * The gradient of a slot: of the sum of its weighted per-image losses, flat, into the variable `carry`.
 * Outputs `loss` [B], unweighted, and `magnitude` [], the sum of the gradient's magnitudes: not finite when an
 * element is not.
 * @param conditioned the step's coin of self-conditioning: the network is shown its own prediction of xStart
 */
export function slotProgram(plan: TrainingPlan, conditioned: boolean): ProgramSpec {
  return { inputs: slotInputs(plan), body: (context) => slotBody(plan, context, conditioned) };
}

/** x_start, noise and x_t of a slot, as `slotProgram` draws them. */
export function drawsProgram(plan: TrainingPlan): ProgramSpec {
  const { weights: _, ...inputs } = slotInputs(plan);
  return {
    inputs,
    body(context) {
      const { xStart, noise } = slotDraws(context, plan.config, plan.shape);
      return { outputs: { xStart, noise, xT: plan.diffusion.qSample(xStart, context.input('t'), noise) } };
    },
  };
}

function slotInputs({ config, shape }: TrainingPlan): Record<string, TensorSpec> {
  return {
    images: { shape, dtype: 'uint8' },
    position: POSITION,
    t: { shape: [shape[0]], dtype: 'int32' },
    ...(config.model.numClasses > 0 && { labels: { shape: [shape[0]], dtype: 'int32' } }),
    ...(hasWeights({ config }) && { weights: { shape: [shape[0]], dtype: 'float32' } }),
  };
}

/** t that are not drawn uniformly come with weights of their losses. */
function hasWeights({ config }: Pick<TrainingPlan, 'config'>): boolean {
  return config.diffusion.timestepSampler === 'lossSecondMoment';
}

function slotBody(
  plan: TrainingPlan,
  context: ProgramContext,
  conditioned: boolean,
): ReturnType<ProgramSpec['body']> {
  const params = splitParams(context.read('params'), plan.layout);
  const draws = slotDraws(context, plan.config, plan.shape);
  const hint = selfCondition(plan, context, params, draws, conditioned);
  const names = [...params.keys()];
  const { loss, grads } = perImageGradients(plan.shape[0], [...params.values()], (values) => {
    const byName = new Map(names.map((name, i) => [name, values[i]!]));
    return trainingLosses<tf.Tensor>({
      diffusion: plan.diffusion,
      model: (xT, t) => applyModel(plan, byName, draws, hint ? tf.concat([xT, hint], 3) : xT, t),
      xStart: draws.xStart,
      t: context.input('t'),
      noise: draws.noise,
      ...(hasWeights(plan) && { weights: context.input('weights') }),
    });
  });
  const flat = clipped(plan, joinParams(grads));
  const magnitudes = tf.abs(flat);
  const gradient = tf.where(tf.less(magnitudes, SMALLEST_GRADIENT), tf.zerosLike(flat), flat);
  return { outputs: { loss, magnitude: tf.sum(magnitudes) }, assign: { carry: gradient } };
}

/**
 * Gradient of the sum of `weighted`, and `loss` with it. The two are one output of the differentiated function,
 * because tensors that it does not return are gone afterwards.
 */
function perImageGradients(
  images: number,
  values: tf.Tensor[],
  losses: (values: tf.Tensor[]) => { loss: tf.Tensor; weighted: tf.Tensor },
): { loss: tf.Tensor; grads: tf.Tensor[] } {
  const both = tf.valueAndGrads((...args: tf.Tensor[]) => {
    const { loss, weighted } = losses(args);
    return tf.concat([weighted, loss], 0) as unknown as tf.Scalar;
  });
  const weightedOnly = tf.concat([tf.ones([images]), tf.zeros([images])], 0);
  const { value, grads } = both(values, weightedOnly as unknown as tf.Scalar);
  return { loss: tf.slice(value as tf.Tensor, [images], [images]), grads };
}

function applyModel(
  plan: TrainingPlan,
  params: ReadonlyMap<string, tf.Tensor>,
  { labels, dropoutMask }: SlotDraws,
  x: tf.Tensor,
  t: tf.Tensor,
): tf.Tensor {
  const options = { dropoutMask, ...(labels && { label: labels }) };
  return unet(plan.unet, (name) => params.get(name)!, x as tf.Tensor4D, t as tf.Tensor1D, options);
}

/**
 * What the network is shown beside x_t (Chen et al. 2023, algorithm 1): zeros, or its own prediction of xStart. It is
 * computed outside the differentiated function, so that no gradient flows through it and none is computed.
 */
function selfCondition(
  plan: TrainingPlan,
  context: ProgramContext,
  params: ReadonlyMap<string, tf.Tensor>,
  draws: SlotDraws,
  conditioned: boolean,
): tf.Tensor | undefined {
  if (!plan.config.diffusion.selfConditioning) return undefined;
  const none = tf.zerosLike(draws.xStart);
  if (!conditioned) return none;
  const { diffusion } = plan;
  const t = context.input('t');
  const x = diffusion.qSample(draws.xStart, t, draws.noise);
  const output = applyModel(plan, params, draws, tf.concat([x, none], 3), diffusion.modelTimesteps(t));
  return diffusion.pMeanVariance({ output, x, t, clipDenoised: false }).predXStart;
}

/** `gradClip: slot`: the slot's mean gradient is clipped, as Ho et al. clipped each replica's. */
function clipped({ config, shape }: TrainingPlan, flat: tf.Tensor): tf.Tensor {
  const { gradClip, gradClipNorm } = config.optimizer;
  if (gradClip !== 'slot') return flat;
  const norm = tf.div(tf.sqrt(tf.sum(tf.square(flat))), shape[0]);
  return tf.mul(flat, tf.div(gradClipNorm, tf.maximum(norm, gradClipNorm)));
}
