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

const PARAMETERS = 70_001;
const ARRAYS = ['params', 'm', 'v', 'root'] as const;
const SCALARS = { clip: 0.37, stepSize: 2.3e-4, epsilon: 1e-8, weight: 0.0151 };

/** Adam's step and an average, as a trainer calls them where the kernels are registered, or in tfjs alone. */
export function updateSpec(fused: boolean, decay: number): ModuleSpec {
  const count = 24;
  const [rateM, rateV] = [1 - 0.9, 1 - 0.999];
  const inputs = Object.fromEntries([
    ...ARRAYS.map((name) => [name, { shape: [PARAMETERS], dtype: 'float32' as const }]),
    ...Object.keys(SCALARS).map((name) => [name, { shape: [], dtype: 'float32' as const }]),
    ['decay', { shape: [], dtype: 'float32' as const }],
  ]);
  const towards = (old: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | number): tf.Tensor =>
    tf.add(old, tf.mul(tf.sub(target, old), weight));
  return {
    name: 'update',
    variables: {},
    programs: {
      run: {
        inputs,
        body: ({ input }) => {
          const [params, m, v, root] = ARRAYS.map(input) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          const { clip, stepSize, epsilon, weight } = Object.fromEntries(
            Object.keys(SCALARS).map((name) => [name, input(name)]),
          ) as Record<keyof typeof SCALARS, tf.Tensor>;
          if (fused) {
            const all = { params, m, v, root, clip, stepSize, epsilon, decay: input('decay') };
            const outputs = tf.engine().runKernel('FusedAdam', all, { count, rateM, rateV });
            const [newParams, newM, newV] = outputs as unknown as [tf.Tensor, tf.Tensor, tf.Tensor];
            const average = tf.engine().runKernel('FusedTowards', { old: params, target: newParams, weight });
            return { outputs: { newParams, newM, newV, average: average as tf.Tensor } };
          }
          const gradient = tf.mul(tf.div(root, count), clip);
          const newM = towards(m, gradient, rateM);
          const newV = towards(v, tf.square(gradient), rateV);
          const step = tf.mul(tf.div(newM, tf.add(tf.sqrt(newV), epsilon)), stepSize);
          const decayed = decay === 0 ? params : tf.sub(params, tf.mul(params, input('decay')));
          const newParams = tf.sub(decayed, step);
          return { outputs: { newParams, newM, newV, average: towards(params, newParams, weight) } };
        },
      },
    },
  };
}

export function updateInputs(decay: number): Record<string, HostArray> {
  const arrays = ARRAYS.map((name, i) => {
    const values = wave(PARAMETERS, i).map((value, k) => value * 10 ** ((k % 9) - 6));
    return [name, name === 'v' ? values.map(Math.abs) : values];
  });
  const scalars = Object.entries({ ...SCALARS, decay }).map(([name, value]) => [
    name,
    Float32Array.of(value),
  ]);
  return Object.fromEntries([...arrays, ...scalars]) as Record<string, HostArray>;
}
