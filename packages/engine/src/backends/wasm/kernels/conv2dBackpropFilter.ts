import * as tf from '@tensorflow/tfjs-core';
import { convGeometry, type ConvGradientAttrs } from './convGeometry.js';

/**
 * The gradient of a convolution by its filter, [KH, KW, Ci, Co], as one matrix product over all pixels:
 * columns [KH KW Ci, B OH OW] of the padded input (Ci first, so that no operand is transposed within the product:
 * XNNPACK, which does the plain product alone, is then used) times dy [B OH OW, Co].
 */
export function conv2dBackpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, attrs: FilterAttrs): tf.Tensor4D {
  const conv = convGeometry(x.shape, attrs.filterShape, attrs);
  const { filterHeight, filterWidth, inChannels, outChannels } = conv;
  return tf.tidy(() => {
    const padded = tf.transpose(padInput(x, conv), [3, 0, 1, 2]) as tf.Tensor4D;
    const rows: tf.Tensor2D[] = [];
    for (let kh = 0; kh < filterHeight; kh++) {
      for (let kw = 0; kw < filterWidth; kw++) rows.push(window(padded, kh, kw, conv));
    }
    const columns = rows.length === 1 ? rows[0]! : tf.concat(rows, 0);
    const gradient = tf.matMul(columns, tf.reshape(dy, [-1, outChannels]) as tf.Tensor2D);
    return tf.reshape(gradient, [filterHeight, filterWidth, inChannels, outChannels]) as tf.Tensor4D;
  });
}

export interface FilterAttrs extends ConvGradientAttrs {
  readonly filterShape: readonly number[];
}

function padInput(x: tf.Tensor4D, { padInfo }: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { top, bottom, left, right } = padInfo;
  if (top + bottom + left + right === 0) return x;
  return tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]); // prettier-ignore
}

/** The input pixels that filter tap (kh, kw) meets, one column an output pixel. */
function window(padded: tf.Tensor4D, kh: number, kw: number, conv: tf.backend_util.Conv2DInfo): tf.Tensor2D {
  const { batchSize, inChannels, outHeight, outWidth, strideHeight, strideWidth } = conv;
  const size = [inChannels, batchSize, outHeight, outWidth];
  const taken =
    strideHeight === 1 && strideWidth === 1
      ? tf.slice(padded, [0, 0, kh, kw], size as [number, number, number, number])
      : tf.stridedSlice(
          padded,
          [0, 0, kh, kw],
          [
            inChannels,
            batchSize,
            kh + (outHeight - 1) * strideHeight + 1,
            kw + (outWidth - 1) * strideWidth + 1,
          ],
          [1, 1, strideHeight, strideWidth],
        );
  return tf.reshape(taken, [inChannels, batchSize * outHeight * outWidth]) as tf.Tensor2D;
}
