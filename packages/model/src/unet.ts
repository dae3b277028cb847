import * as tf from '@tensorflow/tfjs-core';
import { attnBlock } from './blocks/attention.js';
import { groupNorm } from './blocks/groupNorm.js';
import { conv, convPadded, convTransposed, convUpsampled, dense, type Params } from './blocks/linear.js';
import { expand2x2, mean2x2 } from './blocks/resample.js';
import { normAffine, resBlock, type BlockContext } from './blocks/resBlock.js';
import { timeEmbedding } from './blocks/timeEmbedding.js';
import { styleOf, type UNetConfig } from './config.js';
import { planUNet, type Stage } from './stages.js';

export interface UNetOptions {
  /** int32 [B]; `numClasses` is the null label, whose embedding is zero. */
  readonly label?: tf.Tensor1D;
  /** Uniform numbers on [0, 1) of the given shape for dropout layer `layer`; absent: dropout is off. */
  readonly dropoutMask?: (layer: number, shape: number[]) => tf.Tensor;
}

/**
 * The UNet of Ho et al. 2020 (appendix B; diffusion_tf/models/unet.py) and its variants by `config.kind`.
 * @param params value of a parameter of `unetParams(config)` by name
 * @param x x_t [B, H, W, inChannels]
 * @param t [B]: int32, 0 = one step of noise; or float32 where timesteps are rescaled
 * @returns [B, H, W, outChannels]; with a learned variance the mean is the first half of the channels
 */
export function unet(
  config: UNetConfig,
  params: Params,
  x: tf.Tensor4D,
  t: tf.Tensor1D,
  options: UNetOptions = {},
): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  if (H !== config.imageSize || W !== config.imageSize || C !== config.inChannels || t.shape[0] !== B) {
    throw new Error(`x [${x.shape.join(', ')}] and t [${t.shape.join(', ')}] do not fit the UNet`);
  }
  const context = blockContext(config, params, t, options);
  const hs: tf.Tensor4D[] = [];
  let h = x;
  for (const stage of planUNet(config)) h = applyStage(config, context, stage, h, hs);
  if (hs.length > 0) throw new Error(`${hs.length} skip connections were not consumed`);
  return h;
}

function blockContext(
  config: UNetConfig,
  params: Params,
  t: tf.Tensor1D,
  options: UNetOptions,
): BlockContext {
  const style = styleOf(config);
  let temb: tf.Tensor2D = style.labelNetwork
    ? lookUp(params('temb/table/W') as tf.Tensor2D, t)
    : timeEmbedding(t, config.ch, style.embedding);
  temb = dense(params, 'temb/dense0', temb);
  temb = dense(params, 'temb/dense1', swish(temb));
  const label = labelEmbedding(config, params, options.label);
  return {
    params,
    temb: swish(label && !style.labelNetwork ? tf.add(temb, label) : temb),
    norm: { groups: config.numGroups, epsilon: style.normEpsilon },
    scaleShift: config.useScaleShiftNorm,
    dropout: config.dropout,
    ...(label && style.labelNetwork && { labelEmb: swish(label) }),
    ...(options.dropoutMask && { dropoutMask: options.dropoutMask }),
  };
}

function labelEmbedding(config: UNetConfig, params: Params, label?: tf.Tensor1D): tf.Tensor2D | undefined {
  if (config.numClasses === 0) return undefined;
  if (!label) throw new Error('a class-conditional UNet needs labels');
  const embedded = lookUp(params('label_emb/W') as tf.Tensor2D, label);
  if (!styleOf(config).labelNetwork) return embedded;
  return dense(params, 'label_emb/dense1', swish(dense(params, 'label_emb/dense0', embedded)));
}

/** Rows of a table by index; one past the end gives zeros. A matmul, because its gradient is deterministic on GPUs. */
function lookUp(table: tf.Tensor2D, index: tf.Tensor1D): tf.Tensor2D {
  return tf.matMul(tf.oneHot(tf.cast(index, 'int32'), table.shape[0], 1, 0, 'float32') as tf.Tensor2D, table);
}

function applyStage(
  config: UNetConfig,
  context: BlockContext,
  stage: Stage,
  h: tf.Tensor4D,
  hs: tf.Tensor4D[],
): tf.Tensor4D {
  switch (stage.op) {
    case 'conv':
      return conv(context.params, stage.name, h);
    case 'resBlock':
      return resBlock(context, stage, h);
    case 'attention':
      return attnBlock(context.params, stage, h, context.norm);
    case 'downsample':
      return downsample(config, context.params, stage.name, h);
    case 'upsample':
      return upsample(config, context.params, stage.name, h);
    case 'push':
      hs.push(h);
      return h;
    case 'pop':
      return concatSkip(h, hs, stage);
    case 'head': {
      const y = groupNorm(h, normAffine(context.params, 'norm_out'), { ...context.norm, activation: 'silu' });
      return conv(context.params, 'conv_out', y);
    }
  }
}

function concatSkip(
  h: tf.Tensor4D,
  hs: tf.Tensor4D[],
  { inCh, skipCh }: { inCh: number; skipCh: number },
): tf.Tensor4D {
  const skip = hs.pop();
  if (!skip || h.shape[3] !== inCh || skip.shape[3] !== skipCh || skip.shape[1] !== h.shape[1]) {
    throw new Error(`cannot join [${h.shape.join(', ')}] with the skip [${skip?.shape.join(', ')}]`);
  }
  return tf.concat([h, skip], 3);
}

/** [B, H, W, C] -> [B, H/2, W/2, C] */
function downsample(config: UNetConfig, params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const style = styleOf(config);
  if (style.downsample === 'convPair') {
    return tf.add(convPadded(params, `${name}/conv3`, x), convPadded(params, `${name}/conv5`, x));
  }
  if (!config.resampWithConv) return mean2x2(x);
  return style.downsample === 'same'
    ? conv(params, `${name}/conv`, x, 2)
    : convPadded(params, `${name}/conv`, x);
}

/** [B, H, W, C] -> [B, 2H, 2W, C] */
function upsample(config: UNetConfig, params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  if (styleOf(config).upsample === 'transposed') {
    return conv(params, `${name}/conv`, convTransposed(params, `${name}/conv_transpose`, x));
  }
  return config.resampWithConv ? convUpsampled(params, `${name}/conv`, x) : expand2x2(x);
}

function swish(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, tf.sigmoid(x));
}
