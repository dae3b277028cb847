import * as tf from '@tensorflow/tfjs-core';

/** The value of a parameter by its name. */
export type Params = (name: string) => tf.Tensor;

/** x [N, in] -> [N, out]. */
export function dense(params: Params, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, params(`${name}/W`) as tf.Tensor2D), params(`${name}/b`));
}

/** A 1x1 convolution as one matmul: x [B, H, W, in] -> [B, H, W, out]. */
export function nin(params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const kernel = params(`${name}/W`) as tf.Tensor2D;
  const y = tf.add(tf.matMul(tf.reshape(x, [B * H * W, C]), kernel), params(`${name}/b`));
  return tf.reshape(y, [B, H, W, kernel.shape[1]]);
}

/** SAME convolution: stride 2 of an even size pads bottom and right only. */
export function conv(params: Params, name: string, x: tf.Tensor4D, stride = 1): tf.Tensor4D {
  return tf.add(convNoBias(params, name, x, stride), params(`${name}/b`));
}

/** `conv` where the bias is added by who uses the result. */
export function convNoBias(params: Params, name: string, x: tf.Tensor4D, stride = 1): tf.Tensor4D {
  return tf.conv2d(x, params(`${name}/W`) as tf.Tensor4D, stride, 'same');
}

/** Stride 2 with PyTorch's padding (k-1)/2 on all sides, for an even size: the last row and column are not read. */
export function convPadded(params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const kernel = params(`${name}/W`) as tf.Tensor4D;
  const before = (kernel.shape[0] - 1) / 2;
  const padded = tf.pad(x, [
    [0, 0],
    [before, before - 1],
    [before, before - 1],
    [0, 0],
  ]) as tf.Tensor4D;
  return tf.add(tf.conv2d(padded, kernel, 2, 'valid'), params(`${name}/b`));
}

/** Row d: the taps of a kernel of 3 that meet an input pixel from the d-th of the four output pixels that it reaches. */
const TAPS = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
] as const;

/**
 * `conv`, with a 3x3 kernel, of the nearest-neighbour x2 of x: [B, H, W, C] -> [B, 2H, 2W, out]. Taps that meet the
 * same pixel of x are added up first: a transposed convolution with that 4x4 kernel takes 4/9 of the multiplications,
 * forward and backward, and the enlarged x is never made.
 */
export function convUpsampled(params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W] = x.shape;
  const kernel = params(`${name}/W`) as tf.Tensor4D;
  const [, , inCh, outCh] = kernel.shape;
  const sums = TAPS.flatMap((row) => TAPS.map((column) => row.flatMap((r) => column.map((c) => r * c))));
  const taps = tf.reshape(tf.transpose(kernel, [0, 1, 3, 2]), [9, outCh * inCh]) as tf.Tensor2D;
  const reach = tf.reshape(tf.matMul(tf.tensor2d(sums, [16, 9]), taps), [4, 4, outCh, inCh]) as tf.Tensor4D;
  return tf.add(tf.conv2dTranspose(x, reach, [B, 2 * H, 2 * W, outCh], 2, 'same'), params(`${name}/b`));
}

/**
 * PyTorch's ConvTranspose2d(C, C, 5, stride 2, padding 2, output_padding 1): [B, H, W, C] -> [B, 2H, 2W, C].
 * Kernel [5, 5, out, in].
 */
export function convTransposed(params: Params, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W] = x.shape;
  const kernel = params(`${name}/W`) as tf.Tensor4D;
  const C = kernel.shape[2];
  const whole = tf.conv2dTranspose(x, kernel, [B, 2 * H + 3, 2 * W + 3, C], 2, 'valid');
  return tf.add(tf.slice(whole, [0, 2, 2, 0], [B, 2 * H, 2 * W, C]), params(`${name}/b`));
}
