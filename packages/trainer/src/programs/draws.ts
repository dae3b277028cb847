import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '@ddpm-fleet/config';
import { Purpose } from '@ddpm-fleet/core';
import { device, offsetNoise } from '@ddpm-fleet/diffusion';
import type { ProgramContext, RandomAt } from '@ddpm-fleet/engine';
import type { BatchShape } from './shape.js';

/** Everything that is random about a slot but t: it belongs to the stream positions of the slot's images. */
export interface SlotDraws {
  /** [B, H, W, C] in [-1, 1], after flips */
  readonly xStart: tf.Tensor4D;
  readonly noise: tf.Tensor4D;
  /** int32 [B], after label drop */
  readonly labels?: tf.Tensor1D;
  /** Uniform numbers for a dropout layer. */
  readonly dropoutMask: (layer: number, shape: number[]) => tf.Tensor;
}

/** Draws for the program's inputs `images`, `position` and, with classes, `labels`. */
export function slotDraws(context: ProgramContext, config: RunConfig, shape: BatchShape): SlotDraws {
  const at = (purpose: number): RandomAt => addressOf(context, config.seed, purpose);
  const labels = config.model.numClasses > 0 ? { labels: dropLabels(context, config, at) } : {};
  return {
    xStart: flipped(context, config, scaled(context.input('images')), at),
    noise: drawNoise(context, config, shape, at(Purpose.noise)),
    ...labels,
    dropoutMask: (layer, maskShape) => context.random.uniform(at(Purpose.dropout + layer), maskShape),
  };
}

export function addressOf(context: ProgramContext, seed: number, purpose: number): RandomAt {
  return { seed: tf.tensor1d([seed | 0], 'int32'), purpose, position: context.input('position') };
}

/** Bytes to [-1, 1], exactly k / 127.5 - 1. */
export function scaled(images: tf.Tensor): tf.Tensor4D {
  return tf.sub(tf.div(tf.cast(images, 'float32'), 127.5), 1) as tf.Tensor4D;
}

export function drawNoise(
  context: ProgramContext,
  { diffusion, seed }: RunConfig,
  shape: BatchShape,
  at: RandomAt,
): tf.Tensor4D {
  const noise = context.random.normal(at, shape);
  if (diffusion.offsetNoise === 0) return noise as tf.Tensor4D;
  const [B, , , C] = shape;
  const offset = context.random.normal(addressOf(context, seed, Purpose.offsetNoise), [B, 1, 1, C]);
  return offsetNoise(device, noise, offset, diffusion.offsetNoise) as tf.Tensor4D;
}

function flipped(
  context: ProgramContext,
  { data }: RunConfig,
  x: tf.Tensor4D,
  at: (purpose: number) => RandomAt,
): tf.Tensor4D {
  if (!data.flip) return x;
  const coin = tf.less(context.random.uniform(at(Purpose.flip), [x.shape[0]]), 0.5);
  return tf.where(tf.reshape(coin, [-1, 1, 1, 1]), tf.reverse(x, 2), x);
}

function dropLabels(
  context: ProgramContext,
  { model, diffusion }: RunConfig,
  at: (purpose: number) => RandomAt,
): tf.Tensor1D {
  const labels = context.input('labels') as tf.Tensor1D;
  if (diffusion.labelDropProb === 0) return labels;
  const coin = tf.less(
    context.random.uniform(at(Purpose.labelDrop), [labels.shape[0]]),
    diffusion.labelDropProb,
  );
  // Chosen as floats: an int32 constant would be copied to a GPU at each call.
  const kept = tf.cast(labels, 'float32');
  return tf.cast(tf.where(coin, tf.fill([labels.shape[0]], model.numClasses), kept), 'int32');
}
