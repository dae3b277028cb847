import * as tf from '@tensorflow/tfjs-core';

/** What both gradients of a 2-D convolution are given. */
export interface ConvGradientAttrs {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** @throws Error for NCHW, which nothing here uses */
export function convGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dataFormat, dimRoundingMode }: ConvGradientAttrs,
): tf.backend_util.Conv2DInfo {
  if (dataFormat !== 'NHWC')
    throw new Error(`the wasm engine has no gradient of a ${dataFormat} convolution`);
  const input = inputShape as [number, number, number, number];
  const filter = filterShape as [number, number, number, number];
  return tf.backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode, false);
}
