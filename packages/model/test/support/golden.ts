import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { unet, unetParams, type UNetConfig } from '../../src/index.js';

const root = new URL('../../../../../test/golden/', import.meta.url);

export function golden<T>(file: 'ddpm.json' | 'unet.json' | 'unet-variants.json'): T {
  return JSON.parse(readFileSync(new URL(file, root), 'utf8')) as T;
}

export interface GoldenUNet {
  readonly config: {
    readonly image_size: number;
    readonly in_channels: number;
    readonly ch: number;
    readonly mult: number[];
    readonly num_res_blocks: number;
    readonly attn: number[];
    readonly groups: number;
    readonly dropout: number;
    /** The rest only in unet-variants.json. */
    readonly kind?: UNetConfig['kind'];
    readonly out_channels?: number;
    readonly resamp_with_conv?: boolean;
    readonly num_classes?: number;
    readonly num_heads?: number;
    readonly num_head_channels?: number;
    readonly scale_shift?: boolean;
    readonly resblock_updown?: boolean;
    readonly num_timesteps?: number;
  };
  readonly t: number[];
  readonly labels?: number[] | null;
  readonly parameter_count: number;
  readonly output: { sum: number; sum_of_squares: number; first8: number[]; last8: number[] };
  readonly loss_per_image: number[];
  readonly parameters: Record<string, { shape: number[]; grad_norm: number; grad_first3: number[] }>;
}

export function configOf({ config }: GoldenUNet): UNetConfig {
  return {
    kind: config.kind ?? 'ho',
    imageSize: config.image_size,
    inChannels: config.in_channels,
    outChannels: config.out_channels ?? config.in_channels,
    ch: config.ch,
    chMult: config.mult,
    numResBlocks: config.num_res_blocks,
    attnResolutions: config.attn,
    dropout: config.dropout,
    numGroups: config.groups,
    resampWithConv: config.resamp_with_conv ?? true,
    numClasses: config.num_classes ?? 0,
    numHeads: config.num_heads ?? 1,
    numHeadChannels: config.num_head_channels ?? 0,
    useScaleShiftNorm: config.scale_shift ?? false,
    resblockUpdown: config.resblock_updown ?? false,
    ...(config.num_timesteps && { numTimesteps: config.num_timesteps }),
  };
}

/** The closed-form weights of unet.json, by name. */
export function closedFormWeights(config: UNetConfig): Map<string, tf.Tensor> {
  return new Map(
    unetParams(config).map(({ name, shape }) => [name, tf.tensor(closedForm(name, shape), [...shape])]),
  );
}

function closedForm(name: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, n) => product * n, 1);
  let codes = 0;
  for (const char of name) codes += char.charCodeAt(0);
  const phase = (codes % 1000) / 37;
  const area = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: size }, (_, i) => {
    const wave = Math.sin(0.7 * (i + 1) + phase);
    if (name.endsWith('/W')) return Math.sqrt(6 / (area * (shape.at(-2)! + shape.at(-1)!))) * wave;
    return name.endsWith('/gamma') ? 1 + 0.1 * wave : 0.1 * wave;
  });
}

export interface GoldenRun {
  readonly output: Float32Array;
  readonly lossPerImage: Float32Array;
  readonly grads: Map<string, Float32Array>;
}

/** Output, loss per image, and the gradient of the mean loss, of a golden case on the current backend. */
export function runGolden(goldenCase: GoldenUNet): GoldenRun {
  const config = configOf(goldenCase);
  let run: GoldenRun | undefined;
  tf.tidy(() => {
    const weights = closedFormWeights(config);
    const shape: [number, number, number, number] = [
      goldenCase.t.length,
      config.imageSize,
      config.imageSize,
      config.inChannels,
    ];
    const size = shape.reduce((product, n) => product * n, 1);
    const x = tf.tensor4d(
      Float32Array.from({ length: size }, (_, i) => Math.sin(0.37 * (i + 1))),
      shape,
    );
    const noise = tf.tensor4d(
      Float32Array.from({ length: size }, (_, i) => Math.cos(0.53 * (i + 1))),
      shape,
    );
    const t = tf.tensor1d(goldenCase.t, goldenCase.t.every(Number.isInteger) ? 'int32' : 'float32');
    const label = goldenCase.labels ? { label: tf.tensor1d(goldenCase.labels, 'int32') } : {};
    const target = tf.tile(noise, [1, 1, 1, config.outChannels / config.inChannels]);
    const names = [...weights.keys()];
    let output: tf.Tensor | undefined;
    let loss: tf.Tensor | undefined;
    const { grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const byName = new Map(names.map((name, i) => [name, values[i]!]));
      const y = unet(config, (name) => byName.get(name)!, x, t, label);
      output = tf.keep(y.clone());
      const perImage = tf.mean(tf.squaredDifference(target, y), [1, 2, 3]);
      loss = tf.keep(perImage.clone());
      return tf.mean(perImage) as tf.Scalar;
    })(names.map((name) => weights.get(name)!));
    run = {
      output: output!.dataSync<'float32'>(),
      lossPerImage: loss!.dataSync<'float32'>(),
      grads: new Map(names.map((name, i) => [name, grads[i]!.dataSync<'float32'>()])),
    };
    output!.dispose();
    loss!.dispose();
  });
  return run!;
}
