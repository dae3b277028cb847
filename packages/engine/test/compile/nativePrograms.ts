import * as tf from '@tensorflow/tfjs-core';
import { u64Pair } from '@ddpm-fleet/core';
import type { HostArray, ModuleSpec } from '../../src/index.js';
import { wave } from './engines.js';

export interface NormShape {
  readonly B: number;
  readonly N: number;
  readonly C: number;
  readonly groups: number;
  readonly activation: 'silu' | 'none';
  /** Gain and bias differ from image to image. */
  readonly perImage: boolean;
}

const EPSILON = 1e-6;

/** As a model calls it where the kernel is registered. */
export function fusedGroupNorm(
  [x, gain, bias, offset]: tf.Tensor[],
  { groups, activation }: NormShape,
): tf.Tensor {
  const inputs = { x: x!, gain: gain!, bias: bias!, offset: offset! };
  const outputs = tf.engine().runKernel('FusedGroupNorm', inputs, { groups, epsilon: EPSILON, activation });
  return (outputs as unknown as tf.Tensor[])[0]!;
}

/** The definition, for autodiff to differentiate. */
export function composedGroupNorm([x, gain, bias, offset]: tf.Tensor[], shape: NormShape): tf.Tensor {
  const { B, N, C, groups, activation } = shape;
  const column = (v: tf.Tensor): tf.Tensor => tf.reshape(v, [v.shape[0]!, 1, C]);
  const grouped = tf.reshape(tf.add(x!, column(offset!)), [B, N, groups, C / groups]);
  const centred = tf.sub(grouped, tf.mean(grouped, [1, 3], true));
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  const normal = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, EPSILON))), [B, N, C]);
  const y = tf.add(tf.mul(normal, column(gain!)), column(bias!));
  return activation === 'silu' ? tf.mul(y, tf.sigmoid(y)) : y;
}

const SHAPE = [4, 10, 10, 24];
const SIZE = tf.util.sizeFromShape(SHAPE);

/** Dropout as the UNet writes it, with the gradient of a weighted sum. */
export const DROPOUT: ModuleSpec = {
  name: 'dropout',
  variables: {},
  programs: {
    run: {
      inputs: {
        x: { shape: SHAPE, dtype: 'float32' },
        seed: { shape: [1], dtype: 'int32' },
        position: { shape: [2], dtype: 'int32' },
      },
      body: ({ input, random }) => {
        const at = { seed: input('seed'), purpose: 1030, position: input('position') };
        const drop = (x: tf.Tensor): tf.Tensor => {
          const keep = tf.cast(tf.greaterEqual(random.uniform(at, SHAPE), 0.25), 'float32');
          return tf.mul(x, tf.mul(keep, 1 / 0.75));
        };
        const weight = tf.tensor(wave(SIZE, 2), SHAPE);
        const dx = tf.grad((x) => tf.sum(tf.mul(drop(x), weight)))(input('x'));
        return { outputs: { y: drop(input('x')), dx } };
      },
    },
  },
};

export function dropoutInputs(position: bigint): Record<string, HostArray> {
  return { x: wave(SIZE), seed: Int32Array.of(-7), position: u64Pair(position) };
}
