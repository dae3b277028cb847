import * as tf from '@tensorflow/tfjs-core';
import type { Arithmetic } from './arithmetic.js';

/**
 * Tensors of whatever tfjs backend is active. Every operation is one that a recording backend can trace: no value
 * is read back, and tables become float32 constants that are gathered by `t` (int32 [B]).
 */
export const device: Arithmetic<tf.Tensor> = {
  shape: (a) => a.shape,
  constant: (values, shape) => tf.tensor(Float32Array.from(values), [...shape], 'float32'),
  timesteps: (values) => tf.tensor1d(Int32Array.from(values), 'int32'),

  lookup: (table, t) => tf.gather(tf.tensor1d(Float32Array.from(table)), tf.cast(t, 'int32') as tf.Tensor1D),
  element: (vector, index) => tf.slice(vector, [index], [1]),
  reshape: (a, shape) => tf.reshape(a, [...shape]),
  repeatFirst(a) {
    const [images, ...rest] = a.shape;
    return tf.tile(tf.slice(a, zeros(a), [1, ...rest]), [images!, ...rest.map(() => 1)]);
  },
  halves(a) {
    const half = a.shape.at(-1)! / 2;
    const size = [...a.shape.slice(0, -1), half];
    return [tf.slice(a, zeros(a), size), tf.slice(a, [...zeros(a).slice(1), half], size)];
  },
  join: (a, b) => tf.concat([a, b], a.rank - 1),

  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  minimum: tf.minimum,
  maximum: tf.maximum,
  affine(a, scale, offset = 0) {
    const scaled = scale === 1 ? a : tf.mul(a, scale);
    return offset === 0 ? scaled : tf.add(scaled, offset);
  },
  clip: (a, low, high) => tf.clipByValue(a, low, high),
  exp: (a) => tf.exp(a),
  log: (a) => tf.log(a),
  sqrt: (a) => tf.sqrt(a),
  sigmoid: (a) => tf.sigmoid(a),
  abs: (a) => tf.abs(a),
  whereLess: (a, bound, whenTrue, whenFalse) => tf.where(tf.less(a, bound), whenTrue, whenFalse),

  mean: (a) => tf.mean(tf.reshape(a, [a.shape[0]!, -1]), 1),
  quantile,
  stopGradient: (a) =>
    tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor | tf.Tensor[]) => tf.zerosLike(dy as tf.Tensor),
    }))(a),
  free: (a) => a.dispose(),
  scope: (body) => tf.tidy(body as () => tf.TensorContainer) as ReturnType<typeof body>,
};

function zeros(a: tf.Tensor): number[] {
  return a.shape.map(() => 0);
}

/** Order statistics by topk, which both ends of the interpolation share. */
function quantile(a: tf.Tensor, q: number): tf.Tensor {
  const values = tf.reshape(a, [a.shape[0]!, -1]);
  const last = values.shape[1]! - 1;
  const low = Math.floor(q * last);
  const top = tf.topk(values, last - low + 1).values;
  const order = (rank: number) => tf.reshape(tf.slice(top, [0, last - rank], [-1, 1]), [-1]);
  const below = order(low);
  const fraction = q * last - low;
  if (fraction === 0) return below;
  return tf.add(below, tf.mul(tf.sub(order(low + 1), below), fraction));
}
