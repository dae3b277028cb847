import * as tf from '@tensorflow/tfjs-core';
import { nin, type Params } from './linear.js';
import { groupNorm, type NormOptions } from './groupNorm.js';
import { normAffine } from './resBlock.js';

/**
 * Self-attention over all pixels with a residual connection (Ho et al., unet.py `attn_block`): softmax over keys of
 * q.k / sqrt(channels of a head). x [B, H, W, C] -> [B, H, W, C].
 */
export function attnBlock(
  params: Params,
  { name, heads }: { readonly name: string; readonly heads: number },
  x: tf.Tensor4D,
  norm: Omit<NormOptions, 'activation'>,
): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const h = groupNorm(x, normAffine(params, `${name}/norm`), { ...norm, activation: 'none' });
  const q = splitHeads(tf.mul(nin(params, `${name}/q`, h), (C / heads) ** -0.5), heads);
  const k = splitHeads(nin(params, `${name}/k`, h), heads);
  const v = splitHeads(nin(params, `${name}/v`, h), heads);
  const weights = tf.softmax(tf.matMul(q, k, false, true));
  const mixed = joinHeads(tf.matMul(weights, v), heads, [B, H, W, C]);
  return tf.add(x, nin(params, `${name}/proj_out`, mixed));
}

/** [B, H, W, C] -> [B * heads, H * W, C / heads]; a head owns contiguous channels. */
function splitHeads(x: tf.Tensor4D, heads: number): tf.Tensor3D {
  const [B, H, W, C] = x.shape;
  if (heads === 1) return tf.reshape(x, [B, H * W, C]);
  const split = tf.transpose(tf.reshape(x, [B, H * W, heads, C / heads]), [0, 2, 1, 3]);
  return tf.reshape(split, [B * heads, H * W, C / heads]);
}

function joinHeads(x: tf.Tensor, heads: number, [B, H, W, C]: [number, number, number, number]): tf.Tensor4D {
  if (heads === 1) return tf.reshape(x, [B, H, W, C]);
  const split = tf.reshape(x, [B, heads, H * W, C / heads]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [B, H, W, C]);
}
