import * as tf from '@tensorflow/tfjs-core';
import { convGeometry, type ConvGradientAttrs } from './convGeometry.js';
import { turnFilter } from './turnFilter.js';

export interface InputAttrs extends ConvGradientAttrs {
  readonly inputShape: readonly number[];
}

/**
 * The gradient of a convolution by its input, as a convolution of dy (spread by the strides, padded) with the filter
 * turned round: the backend's own kernel is a plain loop, its convolution is XNNPACK's.
 * @returns undefined where the forward padding is wider than the filter and no such convolution exists
 */
export function conv2dBackpropInput(
  backend: unknown,
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  attrs: InputAttrs,
): tf.Tensor4D | undefined {
  const conv = convGeometry(attrs.inputShape, filter.shape, attrs);
  const height = paddingOf(
    conv.filterHeight,
    conv.padInfo.top,
    conv.inHeight,
    conv.outHeight,
    conv.strideHeight,
  );
  const width = paddingOf(conv.filterWidth, conv.padInfo.left, conv.inWidth, conv.outWidth, conv.strideWidth);
  if ([...height, ...width].some((pad) => pad < 0)) return undefined;
  return tf.tidy(() => {
    const spread = spreadBy(dy, conv.strideHeight, conv.strideWidth);
    const turned = tf.engine().makeTensorFromTensorInfo(turnFilter(backend, filter)) as tf.Tensor4D;
    return tf.conv2d(spread, turned, 1, [[0, 0], height, width, [0, 0]]) as tf.Tensor4D; // prettier-ignore
  });
}

/** Padding before and after the spread dy, so that its convolution has `inSize` outputs. */
function paddingOf(
  filter: number,
  padBefore: number,
  inSize: number,
  outSize: number,
  stride: number,
): [number, number] {
  const spread = (outSize - 1) * stride + 1;
  const before = filter - 1 - padBefore;
  return [before, inSize + filter - 1 - spread - before];
}

/** Zeros between the pixels of dy: [B, (H-1) s + 1, (W-1) s + 1, C]. */
function spreadBy(dy: tf.Tensor4D, strideHeight: number, strideWidth: number): tf.Tensor4D {
  if (strideHeight === 1 && strideWidth === 1) return dy;
  const [batch, height, width, channels] = dy.shape;
  const cells = tf.reshape(dy, [batch * height, 1, width, channels]);
  const inRows = tf.pad(cells, [[0, 0], [0, strideHeight - 1], [0, 0], [0, 0]]); // prettier-ignore
  const rowCells = tf.reshape(inRows, [batch * height * strideHeight, width, 1, channels]);
  const inColumns = tf.pad(rowCells, [[0, 0], [0, 0], [0, strideWidth - 1], [0, 0]]); // prettier-ignore
  const whole = tf.reshape(inColumns, [batch, height * strideHeight, width * strideWidth, channels]);
  const size = [batch, (height - 1) * strideHeight + 1, (width - 1) * strideWidth + 1, channels];
  return tf.slice(whole, [0, 0, 0, 0], size) as tf.Tensor4D;
}
