import { fileURLToPath } from 'node:url';
import { loadConfig } from '@ddpm-fleet/config';
import { drawNormal, makeLayout, viewOf } from '@ddpm-fleet/core';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { initParams, unet, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainedModel } from '../../src/index.js';

/** Settings of a model: a config that the project ships, with some of it changed. */
export interface Shape {
  readonly file?: string;
  readonly set: readonly string[];
}

const CONFIGS = new URL('../../../../../configs/', import.meta.url);

function shipped(name: string, set: readonly string[] = []): Shape {
  return { file: fileURLToPath(new URL(`${name}.yaml`, CONFIGS)), set };
}

export const SHAPES = {
  quickstart: shipped('quickstart'),
  // The shipped one plus what no shipped one has: a schedule that diffusers cannot name, and xStart.
  'fashion-mnist': shipped('fashion-mnist', [
    'diffusion.betaSchedule=warmup10',
    'diffusion.modelMeanType=xStart',
  ]),
  cifar10: shipped('cifar10'),
} as const satisfies Record<string, Shape>;

/** The smallest network that has every kind of block. */
export function tinyShape(set: readonly string[] = []): Shape {
  const tiny = [
    'data.size=8',
    'model.ch=8',
    'model.numGroups=4',
    'model.chMult=[1,2]',
    'model.numResBlocks=1',
    'model.attnResolutions=[4]',
    'diffusion.numTimesteps=50',
  ];
  return { set: [...tiny, ...set] };
}

/** Settings of the tiny network that diffusers can hold, each option of the model among them. */
export const HELD: readonly (readonly string[])[] = [
  [],
  ['model.numHeads=4'],
  ['model.numHeadChannels=4'],
  ['model.numHeadChannels=8', 'model.attnResolutions=[8,4]'],
  ['model.useScaleShiftNorm=true'],
  ['model.resblockUpdown=true'],
  ['model.resblockUpdown=true', 'model.useScaleShiftNorm=true', 'model.numHeads=2'],
  ['model.kind=improved'],
  ['model.kind=improved', 'model.numHeadChannels=8', 'model.attnResolutions=[]'],
  ['model.kind=improved', 'model.resblockUpdown=true', 'model.useScaleShiftNorm=true'],
  ['model.numClasses=3'],
  ['model.kind=improved', 'model.numClasses=3', 'model.useScaleShiftNorm=true'],
  ['diffusion.modelVarType=learnedRange', 'diffusion.lossType=hybrid'],
  ['diffusion.betaSchedule=warmup10', 'diffusion.modelMeanType=v'],
  ['model.chMult=[1,2,2]', 'model.attnResolutions=[2]'],
];

/** Weights of zero: names and shapes are all there is to it. */
export function emptyModel(shape: Shape): TrainedModel {
  const config = loadConfig({ env: {}, ...shape });
  const image = { size: config.data.size, channels: config.data.channels };
  const layout = makeLayout(unetParams(unetConfigOf(config, image)));
  return { config, image, layout, weights: new Float32Array(layout.size) };
}

/** What the last layers of branches are scaled down by when they are initialised (1e-10 of the variance). */
const BRANCH_SCALE = 1e5;

/**
 * Weights as large as trained ones: the variance-scaled initialisation in every layer, the ends of branches too, and
 * noise on everything, so that no mistake in a name, a layout, a bias or a gamma can hide.
 */
export function randomModel(shape: Shape): TrainedModel {
  const { config, image, layout } = emptyModel(shape);
  const specs = unetParams(unetConfigOf(config, image));
  const noise = drawNormal({ seed: 1, purpose: 99, counter: 0n }, 1, layout.size);
  const initial = initParams(specs, 3);
  const weights = initial.map((w, i) => (Math.abs(w) < 1e-6 ? w * BRANCH_SCALE : w) + 0.01 * noise[i]!);
  return { config, image, layout, weights };
}

export interface Batch {
  /** [B, H, W, C] */
  readonly x: Float32Array;
  readonly t: Int32Array;
  readonly label?: Int32Array;
  readonly previousXStart?: Float32Array;
}

/** Random images with other values of t, labels and hints where the model takes them. */
export function batchFor({ config, image }: TrainedModel, count: number, seed = 2): Batch {
  const size = image.size * image.size * image.channels;
  const last = config.diffusion.numTimesteps - 1;
  const { numClasses } = config.model;
  const images = (s: number): Float32Array =>
    drawNormal({ seed: s, purpose: 99, counter: 0n }, count, size).slice();
  return {
    x: images(seed),
    t: Int32Array.from({ length: count }, (_, i) => Math.round((last * (i + 1)) / (count + 1))),
    ...(numClasses > 0 && { label: Int32Array.from({ length: count }, (_, i) => i % (numClasses + 1)) }),
    ...(config.diffusion.selfConditioning && { previousXStart: images(seed + 1) }),
  };
}

let opened: Promise<Engine> | undefined;

/** One a process, as workers have it. */
function theEngine(): Promise<Engine> {
  return (opened ??= openEngine({ kind: 'tensorflow', compiled: true, precision: 'float32', threads: 2 }));
}

/** What our own network makes of batches, by the compiled engine: [B, H, W, out], rescaled t by hand. */
export async function outputsOf(model: TrainedModel, batches: readonly Batch[]): Promise<Float32Array[]> {
  const { config, image, layout, weights } = model;
  const { rescaleTimesteps, numTimesteps, selfConditioning } = config.diffusion;
  const B = batches[0]!.t.length;
  const images = { shape: [B, image.size, image.size, image.channels], dtype: 'float32' } as const;
  const perImage = { shape: [B], dtype: 'int32' } as const;
  const unetConfig = unetConfigOf(config, image);
  const module = await (
    await theEngine()
  ).load({
    name: 'outputs',
    variables: Object.fromEntries(layout.entries.map(({ name, shape }) => [name, { shape }])),
    programs: {
      unet: {
        inputs: {
          ...{ x: images, t: { shape: [B], dtype: 'float32' } },
          ...(config.model.numClasses > 0 && { label: perImage }),
          ...(selfConditioning && { previousXStart: images }),
        },
        body: ({ input, read }) => {
          const x = selfConditioning ? tf.concat([input('x'), input('previousXStart')], 3) : input('x');
          const label = config.model.numClasses > 0 ? { label: input('label') as tf.Tensor1D } : {};
          return {
            outputs: { y: unet(unetConfig, read, x as tf.Tensor4D, input('t') as tf.Tensor1D, label) },
          };
        },
      },
    },
  });
  for (const entry of layout.entries) module.writeVariable(entry.name, viewOf(weights, entry).slice());
  const scale = rescaleTimesteps ? 1000 / numTimesteps : 1;
  const outputs = batches.map((batch) => {
    const inputs = { ...batch, t: Float32Array.from(batch.t, (t) => t * scale) };
    return module.run('unet', inputs)['y'] as Float32Array;
  });
  module.dispose();
  return outputs;
}

export function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}
