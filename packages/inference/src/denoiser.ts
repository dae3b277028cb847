import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '@ddpm-fleet/config';
import { Purpose, u64Pair, viewOf, type ParamLayout } from '@ddpm-fleet/core';
import {
  COEFFICIENTS,
  device,
  guidedOutput,
  samplerStep,
  type DynamicThreshold,
  type SamplerStep,
} from '@ddpm-fleet/diffusion';
import type { Engine, Module, ModuleSpec, ProgramContext, TensorSpec } from '@ddpm-fleet/engine';
import { unet, type UNetConfig } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';

/** Weights and what they are weights of; all from one checkpoint, so that a mismatch cannot happen. */
export interface TrainedModel {
  readonly config: RunConfig;
  readonly image: { readonly size: number; readonly channels: number };
  readonly layout: ParamLayout;
  /** Flat, in layout order. */
  readonly weights: Float32Array;
}

/** Classifier-free guidance; only for a model with classes. */
export interface Guidance {
  /** 1: the conditional model; above 1 guided (1 + w of Ho and Salimans 2022). */
  readonly scale: number;
  /** 0 to 1: how far the guided output is brought back to the conditional one's standard deviation. */
  readonly rescale: number;
}

export interface DenoiserOptions {
  /** Images a call; part of the bits of a sample, as a batch of another size may be summed otherwise. */
  readonly batch: number;
  readonly guidance?: Guidance;
  /** Dynamic thresholding of the predicted images in place of the plan's clamp. */
  readonly threshold?: DynamicThreshold;
}

const scalarInputs: Record<string, TensorSpec> = {
  seed: { shape: [1], dtype: 'int32' },
  position: { shape: [2], dtype: 'int32' },
  stream: { shape: [2], dtype: 'int32' },
};

/**
 * A trained UNet with a batch of images on the device, moved one sampler step at a time.
 * Image i of a chain draws its noise from (seed, i, step): neither the batch nor the number of processes matters.
 */
export class Denoiser {
  readonly #module: Module;
  readonly #options: DenoiserOptions;
  readonly #shape: [number, number, number, number];

  static async open(engine: Engine, model: TrainedModel, options: DenoiserOptions): Promise<Denoiser> {
    const module = await engine.load(denoiserModule(model, options));
    for (const entry of model.layout.entries) {
      module.writeVariable(`params/${entry.name}`, viewOf(model.weights, entry).slice());
    }
    return new Denoiser(module, model, options);
  }

  private constructor(module: Module, { image }: TrainedModel, options: DenoiserOptions) {
    this.#module = module;
    this.#options = options;
    this.#shape = [options.batch, image.size, image.size, image.channels];
  }

  get shape(): readonly [number, number, number, number] {
    return this.#shape;
  }

  /** x_T of the images [first, first + batch), standard normal. */
  start(seed: number, first: number): void {
    this.#module.run('start', { seed: seedInput(seed), position: u64Pair(first) });
  }

  /** Puts images on the device instead. @param x [B, H, W, C] */
  load(x: Float32Array): void {
    this.#module.writeVariable('x', x);
    this.#module.writeVariable('xStart', new Float32Array(x.length));
  }

  /** @param labels [B], needed where the model has classes; `numClasses` is the null label */
  step(step: SamplerStep, seed: number, first: number, labels?: Int32Array): void {
    this.#module.run('step', {
      t: new Float32Array(this.#options.batch).fill(step.modelT),
      coefficients: step.coefficients,
      seed: seedInput(seed),
      position: u64Pair(first),
      stream: u64Pair(step.index),
      ...(labels ? { labels } : {}),
      ...this.#guidanceInputs,
    });
  }

  get #guidanceInputs(): Record<string, Float32Array> {
    const { guidance } = this.#options;
    if (!guidance) return {};
    return { scale: new Float32Array([guidance.scale]), rescale: new Float32Array([guidance.rescale]) };
  }

  /** [B, H, W, C] */
  x(): Float32Array {
    return this.#module.readVariable('x');
  }

  /** The model's present idea of the finished images, [B, H, W, C]. */
  predXStart(): Float32Array {
    return this.#module.readVariable('xStart');
  }

  dispose(): void {
    this.#module.dispose();
  }
}

function seedInput(seed: number): Int32Array {
  return new Int32Array([seed | 0]);
}

export function denoiserModule(model: TrainedModel, options: DenoiserOptions): ModuleSpec {
  const { batch, guidance } = options;
  const { config, image, layout } = model;
  const shape = [batch, image.size, image.size, image.channels];
  const params = layout.entries.map(({ name, shape: s }) => [`params/${name}`, { shape: s }] as const);
  const labels: Record<string, TensorSpec> = {
    ...(config.model.numClasses ? { labels: { shape: [batch], dtype: 'int32' } } : {}),
    ...(guidance
      ? { scale: { shape: [1], dtype: 'float32' }, rescale: { shape: [1], dtype: 'float32' } }
      : {}),
  };
  return {
    name: 'denoiser',
    variables: { ...Object.fromEntries(params), x: { shape }, xStart: { shape } },
    programs: {
      start: {
        inputs: { seed: scalarInputs['seed']!, position: scalarInputs['position']! },
        body: (context) => ({
          assign: { x: noise(context, Purpose.sampleStart, shape), xStart: tf.zeros(shape) },
        }),
      },
      step: {
        inputs: {
          ...scalarInputs,
          ...labels,
          t: { shape: [batch], dtype: 'float32' },
          coefficients: { shape: [COEFFICIENTS.length], dtype: 'float32' },
        },
        body: (context) => stepBody(context, model, shape, options),
      },
    },
  };
}

function noise(context: ProgramContext, purpose: number, shape: readonly number[]): tf.Tensor {
  const stream = purpose === Purpose.sampleStep ? { stream: context.input('stream') } : {};
  const at = { seed: context.input('seed'), purpose, position: context.input('position'), ...stream };
  return context.random.normal(at, shape);
}

function stepBody(
  context: ProgramContext,
  model: TrainedModel,
  shape: readonly number[],
  { guidance, threshold }: DenoiserOptions,
): { assign: Record<string, tf.Tensor> } {
  const next = samplerStep(device, {
    x: context.read('x'),
    output: outputOf(context, model, guidance !== undefined),
    noise: noise(context, Purpose.sampleStep, shape),
    previousXStart: context.read('xStart'),
    coefficients: context.input('coefficients'),
    threshold,
  });
  return { assign: { x: next.x, xStart: next.predXStart } };
}

/** What the sampler reads as the model's output: guided where guidance is asked for. */
function outputOf(context: ProgramContext, { config, image }: TrainedModel, isGuided: boolean): tf.Tensor {
  const unetConfig: UNetConfig = unetConfigOf(config, image);
  const params = (name: string): tf.Tensor => context.read(`params/${name}`);
  const x = context.read('x') as tf.Tensor4D;
  const input = config.diffusion.selfConditioning
    ? tf.concat([x, context.read('xStart') as tf.Tensor4D], 3)
    : x;
  const run = (label?: tf.Tensor1D): tf.Tensor =>
    unet(unetConfig, params, input, context.input('t') as tf.Tensor1D, label ? { label } : {});
  if (!config.model.numClasses) return run();
  const labels = context.input('labels') as tf.Tensor1D;
  if (!isGuided) return run(labels);
  const [scale, rescale] = [context.input('scale'), context.input('rescale')];
  const nullLabels = tf.fill<tf.Rank.R1>([x.shape[0]], config.model.numClasses);
  const [conditional, unconditional] = [run(labels), run(nullLabels)];
  return guidedOutput(device, { conditional, unconditional, scale, rescale, channels: image.channels });
}
