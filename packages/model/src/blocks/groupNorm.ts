import * as tf from '@tensorflow/tfjs-core';

export interface NormOptions {
  readonly groups: number;
  readonly epsilon: number;
  readonly activation: 'silu' | 'none';
}

/** Per image and channel: what stands before (offset) and after (gain, bias) the normalisation. */
export interface NormAffine {
  /** [1, C] or [B, C] */
  readonly gain: tf.Tensor2D;
  /** [1, C] or [B, C] */
  readonly bias: tf.Tensor2D;
  /** [B, C], added to x before it is normalised: what a per-channel addition costs a pass for otherwise. */
  readonly offset?: tf.Tensor2D;
}

/**
 * act(gain * (x + offset - mean) / sqrt(var + epsilon) + bias), mean and biased variance over H, W and the C/G
 * contiguous channels of a group (Wu & He 2018; tf.contrib.layers.group_norm). x [B, H, W, C] -> [B, H, W, C].
 *
 * The gradient is written by hand: after convolutions the time goes into passes over activations, and everything
 * but the passes themselves happens on [B, C]. Forward: y = x * a + b with a, b [B, C]. Backward, with dy the
 * gradient at y, dx = dy * a + x * c2 + c1, where c1, c2 and all other gradients follow from the sums of dy and
 * dy * x over H, W.
 */
export function groupNorm(x: tf.Tensor4D, affine: NormAffine, options: NormOptions): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const offset = affine.offset ?? tf.zeros<tf.Rank.R2>([B, C]);
  if (tf.getKernel(FUSED, tf.getBackend())) return fused(x, { ...affine, offset }, options);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x_BNC, gain, bias, offset_BC] = args as tf.Tensor[] as [
      tf.Tensor3D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const save = args.at(-1) as tf.GradSaveFunc;
    const forward = normalise(x_BNC, { gain, bias, offset: offset_BC }, options);
    save([x_BNC, gain, ...forward.saved, forward.value]);
    return { value: forward.value, gradFunc: (dz, saved) => backward(dz as tf.Tensor3D, saved, options) };
  });
  return tf.reshape(op(tf.reshape(x, [B, H * W, C]), affine.gain, affine.bias, offset), [B, H, W, C]);
}

/** A kernel of the compiled engine that does all of this, and its gradient, image by image in the cache. */
const FUSED = 'FusedGroupNorm';

function fused(x: tf.Tensor4D, affine: Required<NormAffine>, options: NormOptions): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const inputs = { x: tf.reshape(x, [B, H * W, C]), ...affine };
  const outputs = tf.engine().runKernel(FUSED, inputs, { ...options });
  return tf.reshape((outputs as unknown as tf.Tensor[])[0]!, [B, H, W, C]);
}

interface Forward {
  readonly value: tf.Tensor3D;
  /** a [B, C], rstd [B, C], centre [B, C] (offset - mean), sum of x [B, C], and the sigmoid for silu */
  readonly saved: tf.Tensor[];
}

function normalise(x_BNC: tf.Tensor3D, affine: Required<NormAffine>, options: NormOptions): Forward {
  const [B, N, C] = x_BNC.shape;
  const perGroup = (N * C) / options.groups;
  const sumX_BC = tf.sum(x_BNC, 1) as tf.Tensor2D;
  const mean_BC = tf.div(overGroups(tf.add(sumX_BC, tf.mul(affine.offset, N)), options.groups), perGroup);
  const centre_BC = tf.sub(affine.offset, mean_BC) as tf.Tensor2D;
  // Two passes: E[x^2] - mean^2 would lose the variance of a group whose mean is large.
  const squares_BC = tf.sum(tf.squaredDifference(x_BNC, column(tf.neg(centre_BC), B, C)), 1) as tf.Tensor2D;
  const variance_BC = tf.div(overGroups(squares_BC, options.groups), perGroup);
  const rstd_BC = tf.rsqrt(tf.add(variance_BC, options.epsilon)) as tf.Tensor2D;
  const a_BC = tf.mul(rstd_BC, affine.gain) as tf.Tensor2D;
  const b_BC = tf.add(tf.mul(centre_BC, a_BC), affine.bias);
  const y = tf.add(tf.mul(x_BNC, column(a_BC, B, C)), column(b_BC, B, C)) as tf.Tensor3D;
  const stats = [a_BC, rstd_BC, centre_BC, sumX_BC];
  if (options.activation === 'none') return { value: y, saved: stats };
  const gate = tf.sigmoid(y);
  return { value: tf.mul(y, gate), saved: [...stats, gate] };
}

function backward(dz: tf.Tensor3D, saved: tf.Tensor[], options: NormOptions): tf.Tensor[] {
  const [x_BNC, gain, a_BC, rstd_BC, centre_BC, sumX_BC, ...rest] = saved as [tf.Tensor3D, ...tf.Tensor2D[]];
  const [B, N, C] = x_BNC.shape;
  const perGroup = (N * C) / options.groups;
  const dy = options.activation === 'none' ? dz : siluGrad(dz, rest as tf.Tensor[]);
  const sumDy_BC = tf.sum(dy, 1) as tf.Tensor2D;
  // sum over H, W of dy * xHat, without making xHat
  const sumDyXHat_BC = tf.mul(
    tf.add(tf.sum(tf.mul(dy, x_BNC), 1), tf.mul(centre_BC!, sumDy_BC)),
    rstd_BC!,
  ) as tf.Tensor2D;
  const d1_BC = tf.div(overGroups(tf.mul(sumDy_BC, gain!), options.groups), perGroup);
  const d2_BC = tf.div(overGroups(tf.mul(sumDyXHat_BC, gain!), options.groups), perGroup);
  const c2_BC = tf.neg(tf.mul(tf.mul(rstd_BC!, rstd_BC!), d2_BC)) as tf.Tensor2D;
  const c1_BC = tf.sub(tf.mul(c2_BC, centre_BC!), tf.mul(rstd_BC!, d1_BC)) as tf.Tensor2D;
  const dx = tf.add(
    tf.mul(dy, column(a_BC!, B, C)),
    tf.add(tf.mul(x_BNC, column(c2_BC, B, C)), column(c1_BC, B, C)),
  );
  const dOffset_BC = tf.add(tf.mul(a_BC!, sumDy_BC), tf.add(tf.mul(c2_BC, sumX_BC!), tf.mul(c1_BC, N)));
  return [dx, like(sumDyXHat_BC, gain!), like(sumDy_BC, gain!), dOffset_BC];
}

/** silu' (y) = s + z (1 - s), from s = sigmoid(y) and z = y s, which is there already. */
function siluGrad(dz: tf.Tensor3D, [gate, z]: tf.Tensor[]): tf.Tensor3D {
  return tf.mul(dz, tf.add(gate!, tf.sub(z!, tf.mul(z!, gate!))));
}

/** Sums each group's channels, and gives every channel its group's sum: [B, C] -> [B, C]. */
function overGroups(x_BC: tf.Tensor, groups: number): tf.Tensor2D {
  const [B, C] = x_BC.shape as [number, number];
  if (groups === C) return x_BC as tf.Tensor2D;
  const sums = tf.sum(tf.reshape(x_BC, [B, groups, C / groups]), 2, true);
  return tf.reshape(tf.tile(sums, [1, 1, C / groups]), [B, C]);
}

function column(x_BC: tf.Tensor, B: number, C: number): tf.Tensor3D {
  return tf.reshape(x_BC, [B, 1, C]);
}

/** The gradient of a [1, C] is the sum over images. */
function like(grad_BC: tf.Tensor2D, value: tf.Tensor2D): tf.Tensor {
  return value.shape[0] === grad_BC.shape[0] ? grad_BC : tf.sum(grad_BC, 0, true);
}
