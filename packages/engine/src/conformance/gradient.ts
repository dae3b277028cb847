import * as tf from '@tensorflow/tfjs-core';
import type { Engine, HostArray, Module, ModuleSpec } from '../engine.js';
import { withModule, type Case } from './suite.js';

const BATCH = 2;
const SIZE = 8;
const CHANNELS = 8;

/** Every kind of layer that a UNet is built of, once: its gradients are what an engine must get right. */
const VARIABLES = {
  convIn: { shape: [3, 3, 3, CHANNELS] },
  gamma: { shape: [CHANNELS] },
  beta: { shape: [CHANNELS] },
  down: { shape: [3, 3, CHANNELS, CHANNELS] },
  query: { shape: [CHANNELS, CHANNELS] },
  out: { shape: [3, 3, 2 * CHANNELS, 3] },
} as const;

type Name = keyof typeof VARIABLES;
type Params = Record<Name, tf.Tensor>;
const NAMES = Object.keys(VARIABLES) as Name[];

function groupNorm(x: tf.Tensor4D, gamma: tf.Tensor, beta: tf.Tensor, groups: number): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const grouped = tf.reshape(x, [B, H, W, groups, C / groups]);
  const mean = tf.mean(grouped, [1, 2, 4], true);
  const centred = tf.sub(grouped, mean);
  const variance = tf.mean(tf.square(centred), [1, 2, 4], true);
  const normal = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-6))), [B, H, W, C]);
  return tf.add(tf.mul(normal, gamma), beta) as tf.Tensor4D;
}

function attention(x: tf.Tensor4D, query: tf.Tensor): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const tokens = tf.reshape(x, [B, H * W, C]);
  const queries = tf.reshape(tf.matMul(tf.reshape(x, [B * H * W, C]), query as tf.Tensor2D), [B, H * W, C]);
  const weights = tf.softmax(tf.mul(tf.matMul(queries, tokens, false, true), C ** -0.5));
  return tf.reshape(tf.matMul(weights, tokens), [B, H, W, C]) as tf.Tensor4D;
}

function upsample(x: tf.Tensor4D): tf.Tensor4D {
  const [B, H, W, C] = x.shape;
  const rows = tf.tile(tf.reshape(x, [B * H, 1, W * C]), [1, 2, 1]);
  const pixels = tf.tile(tf.reshape(rows, [B * 2 * H * W, 1, C]), [1, 2, 1]);
  return tf.reshape(pixels, [B, 2 * H, 2 * W, C]) as tf.Tensor4D;
}

function loss(x: tf.Tensor4D, p: Params): tf.Scalar {
  const h = tf.conv2d(x, p.convIn as tf.Tensor4D, 1, 'same');
  const normal = groupNorm(h, p.gamma, p.beta, 4);
  const silu = tf.mul(normal, tf.sigmoid(normal)) as tf.Tensor4D;
  const down = tf.conv2d(tf.pad(silu, [[0, 0], [0, 1], [0, 1], [0, 0]]), p.down as tf.Tensor4D, 2, 'valid'); // prettier-ignore
  const up = upsample(tf.add(down, attention(down, p.query)));
  const y = tf.conv2d(tf.concat([h, up], 3) as tf.Tensor4D, p.out as tf.Tensor4D, 1, 'same');
  return tf.sum(tf.square(tf.sub(y, x)));
}

const net: ModuleSpec = {
  name: 'net',
  variables: VARIABLES,
  programs: {
    gradient: {
      inputs: { x: { shape: [BATCH, SIZE, SIZE, 3], dtype: 'float32' } },
      body: ({ input, read }) => {
        const x = input('x') as tf.Tensor4D;
        const f = (...params: tf.Tensor[]): tf.Scalar =>
          loss(x, Object.fromEntries(NAMES.map((name, i) => [name, params[i]!])) as Params);
        const { value, grads } = tf.valueAndGrads(f)(NAMES.map(read));
        return { outputs: { loss: value, ...Object.fromEntries(NAMES.map((name, i) => [name, grads[i]!])) } };
      },
    },
  },
};

/** Values on a sine: fixed, of both signs, and with no symmetry that could hide an exchanged axis. */
function wave(size: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1.7 * i + phase + i * i * 0.01));
}

function sizeOf(name: Name): number {
  return VARIABLES[name].shape.reduce((product, n) => product * n, 1);
}

const X = wave(BATCH * SIZE * SIZE * 3, 0.3, 1);

function start(module: Module): void {
  NAMES.forEach((name, i) => module.writeVariable(name, wave(sizeOf(name), i, 0.3)));
}

/** loss(params + step * direction of one parameter) */
function lossAt(
  module: Module,
  name: Name,
  base: Float32Array,
  direction: Float32Array,
  step: number,
): number {
  module.writeVariable(
    name,
    base.map((value, i) => value + step * direction[i]!),
  );
  return module.run('gradient', { x: X })['loss']![0]!;
}

export const gradientCases: readonly Case[] = [
  {
    title: 'gradients agree with finite differences, parameter by parameter',
    run: (t, engine) =>
      withModule(engine, net, (module) => {
        start(module);
        const gradients = module.run('gradient', { x: X });
        for (const name of NAMES) {
          const base = module.readVariable(name);
          const gradient = gradients[name] as Float32Array;
          const norm = Math.hypot(...gradient);
          const direction = gradient.map((g) => g / norm);
          const step = 0.01;
          const rise =
            lossAt(module, name, base, direction, step) - lossAt(module, name, base, direction, -step);
          module.writeVariable(name, base);
          const slope = rise / (2 * step);
          t.true(
            Math.abs(slope - norm) < 0.01 * norm,
            `${name}: slope ${slope}, norm of the gradient ${norm}`,
          );
        }
      }),
  },
  {
    title: 'the same program on the same values gives the same bytes',
    run: (t, engine) =>
      withModule(engine, net, (module) => {
        start(module);
        t.deepEqual(module.run('gradient', { x: X }), module.run('gradient', { x: X }));
      }),
  },
];

/** The loss and every gradient on fixed values: for tests that hold two engines together. */
export async function fixedGradients(engine: Engine): Promise<Record<string, HostArray>> {
  const module = await engine.load(net);
  start(module);
  const gradients = module.run('gradient', { x: X });
  module.dispose();
  return gradients;
}
