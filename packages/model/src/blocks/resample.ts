import * as tf from '@tensorflow/tfjs-core';

/**
 * Nearest-neighbour x2: [B, H, W, C] -> [B, 2H, 2W, C]. Reshapes and tiles, because the gradient of
 * TensorFlow's resize has no deterministic GPU kernel; the gradient is the sum over each 2x2.
 */
export function expand2x2(x: tf.Tensor4D): tf.Tensor4D {
  const op = tf.customGrad((input) => {
    const value = repeatPixels(input as tf.Tensor4D);
    return { value, gradFunc: (dy) => sumPixels(dy as tf.Tensor4D) };
  });
  return op(x) as tf.Tensor4D;
}

/** Mean over each 2x2: [B, 2H, 2W, C] -> [B, H, W, C]. */
export function mean2x2(x: tf.Tensor4D): tf.Tensor4D {
  const op = tf.customGrad((input) => {
    const value = sumPixels(input as tf.Tensor4D);
    return { value, gradFunc: (dy) => repeatPixels(dy as tf.Tensor4D) };
  });
  return tf.mul(op(x) as tf.Tensor4D, 0.25);
}

function repeatPixels(x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const columns = tf.tile(tf.reshape(x, [B * H * W, 1, C]), [1, 2, 1]);
  const rows = tf.tile(tf.reshape(columns, [B * H, 1, 2 * W * C]), [1, 2, 1]);
  return tf.reshape(rows, [B, 2 * H, 2 * W, C]);
}

function sumPixels(x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const rows = tf.sum(tf.reshape(x, [(B * H) / 2, 2, W * C]), 1);
  const columns = tf.sum(tf.reshape(rows, [(B * H * W) / 4, 2, C]), 1);
  return tf.reshape(columns, [B, H / 2, W / 2, C]);
}
