import * as tf from '@tensorflow/tfjs-core';

export interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The product of two matrices, neither transposed: XNNPACK does this case alone. */
export type PlainProduct = (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D;

/**
 * Matrix products of any batch shape through `plain`: the backend computes transposed and batched ones in a plain
 * loop, twenty times slower than transposing first and multiplying one matrix after the other.
 */
export function batchMatMul(a: tf.Tensor, b: tf.Tensor, attrs: MatMulAttrs, plain: PlainProduct): tf.Tensor {
  return tf.tidy(() => {
    const left = attrs.transposeA ? transposeLast(a) : a;
    const right = attrs.transposeB ? transposeLast(b) : b;
    const [m, k] = left.shape.slice(-2) as [number, number];
    const n = right.shape.at(-1)!;
    const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(
      left.shape.slice(0, -2),
      right.shape.slice(0, -2),
    );
    const lefts = matrices(left, m, k);
    const rights = matrices(right, k, n);
    const products: tf.Tensor2D[] = [];
    const batches = tf.util.sizeFromShape(batchShape);
    for (let i = 0; i < batches; i++) products.push(plain(lefts(i), rights(i)));
    const all = products.length === 1 ? products[0]! : tf.concat(products, 0);
    return tf.reshape(all, [...batchShape, m, n]);
  });
}

function transposeLast(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** Matrix i of a batch; a batch of one serves every i. */
function matrices(x: tf.Tensor, rows: number, columns: number): (i: number) => tf.Tensor2D {
  const flat = tf.reshape(x, [-1, columns]) as tf.Tensor2D;
  if (flat.shape[0] === rows) return () => flat;
  return (i) => tf.slice(flat, [i * rows, 0], [rows, columns]);
}
