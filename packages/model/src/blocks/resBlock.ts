import * as tf from '@tensorflow/tfjs-core';
import type { ResBlockStage } from '../stages.js';
import { groupNorm, type NormAffine, type NormOptions } from './groupNorm.js';
import { conv, convNoBias, dense, nin, type Params } from './linear.js';
import { expand2x2, mean2x2 } from './resample.js';

/** What every residual block of one application of the network shares. */
export interface BlockContext {
  readonly params: Params;
  /** swish(temb) [B, 4 ch]: each block applies the nonlinearity again before its own dense layer. */
  readonly temb: tf.Tensor2D;
  /** swish of the label network's output [B, 4 ch]. */
  readonly labelEmb?: tf.Tensor2D;
  readonly norm: Omit<NormOptions, 'activation'>;
  readonly scaleShift: boolean;
  readonly dropout: number;
  /** Uniform numbers on [0, 1) for a dropout layer; absent: no dropout. */
  readonly dropoutMask?: (layer: number, shape: number[]) => tf.Tensor;
}

/**
 * norm-swish-conv, the embedding of t added (or as scale and shift after the second norm), norm-swish-dropout-conv,
 * plus the input (Ho et al., unet.py `resnet_block`). [B, H, W, inCh] -> [B, H, W, outCh], size changed by `resample`.
 */
export function resBlock(context: BlockContext, stage: ResBlockStage, x: tf.Tensor4D): tf.Tensor4D {
  const { params, norm } = context;
  const { name, inCh, outCh } = stage;
  if (x.shape[3] !== inCh) throw new Error(`${name}: ${x.shape[3]} channels in place of ${inCh}`);
  let h = groupNorm(x, normAffine(params, `${name}/norm1`), { ...norm, activation: 'silu' });
  h = convNoBias(params, `${name}/conv1`, resample(h, stage.resample));
  h = groupNorm(h, secondNorm(context, name, h.shape[0]), { ...norm, activation: 'silu' });
  h = conv(params, `${name}/conv2`, drop(context, stage.dropoutLayer, h));
  const skip = resample(x, stage.resample);
  return tf.add(inCh === outCh ? skip : nin(params, `${name}/nin_shortcut`, skip), h);
}

/** Learned gain and bias of a norm, the same for all images. */
export function normAffine(params: Params, name: string): NormAffine {
  const gain = params(`${name}/gamma`);
  const bias = params(`${name}/beta`);
  return { gain: tf.reshape(gain, [1, gain.size]), bias: tf.reshape(bias, [1, bias.size]) };
}

/** The norm that takes in the embedding; conv1's bias is part of what is added before it. */
function secondNorm(
  { params, temb, labelEmb, scaleShift }: BlockContext,
  name: string,
  B: number,
): NormAffine {
  const { gain, bias } = normAffine(params, `${name}/norm2`);
  const convBias = tf.reshape(params(`${name}/conv1/b`), [1, gain.shape[1]]);
  const projection = dense(params, `${name}/temb_proj`, temb);
  if (scaleShift) {
    const [scale, shift] = tf.split(projection, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const onePlusScale = tf.add(scale, 1);
    return {
      gain: tf.mul(gain, onePlusScale),
      bias: tf.add(tf.mul(bias, onePlusScale), shift),
      offset: tf.tile(convBias, [B, 1]) as tf.Tensor2D,
    };
  }
  const offset = tf.add(projection, convBias) as tf.Tensor2D;
  if (!labelEmb) return { gain, bias, offset };
  return { gain, bias, offset: tf.add(offset, dense(params, `${name}/label_proj`, labelEmb)) };
}

/** Inverted dropout: what is kept is scaled by 1 / (1 - rate). */
function drop({ dropout, dropoutMask }: BlockContext, layer: number, h: tf.Tensor4D): tf.Tensor4D {
  if (dropout === 0 || !dropoutMask) return h;
  const keep = tf.cast(tf.greaterEqual(dropoutMask(layer, h.shape), dropout), 'float32');
  return tf.mul(h, tf.mul(keep, 1 / (1 - dropout)));
}

function resample(x: tf.Tensor4D, direction?: 'down' | 'up'): tf.Tensor4D {
  if (!direction) return x;
  return direction === 'down' ? mean2x2(x) : expand2x2(x);
}
