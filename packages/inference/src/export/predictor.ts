import { viewOf } from '@ddpm-fleet/core';
import { device, GaussianDiffusion } from '@ddpm-fleet/diffusion';
import {
  freezeForAnyBatch,
  freezeProgram,
  type FrozenProgram,
  type ModuleSpec,
  type ProgramContext,
  type TensorSpec,
} from '@ddpm-fleet/engine';
import { unet } from '@ddpm-fleet/model';
import { diffusionConfigOf, unetConfigOf } from '@ddpm-fleet/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainedModel } from '../denoiser.js';

/** An input or output of an exported predictor, for people. */
export interface PredictorPort {
  readonly name: string;
  readonly dtype: string;
  /** -1: any number of images. */
  readonly shape: readonly number[];
  readonly meaning: string;
}

/** A network that predicts, as one graph with its weights inside, and what goes in and comes out. */
export interface Predictor {
  readonly frozen: FrozenProgram;
  readonly inputs: readonly PredictorPort[];
  readonly outputs: readonly PredictorPort[];
}

const MEANINGS: Readonly<Record<string, string>> = {
  x: 'images at time t, x_t, of pixels in [-1, 1] before noise',
  t: 'time step of each image, 0 (one step of noise) to T - 1',
  label: 'class of each image; the number of classes stands for no class',
  previousXStart: 'x_0 as predicted in the step before (self-conditioning); zeros at first',
  eps: 'the noise in x_t',
  xStart: 'the image x_0',
  xPrev: 'the mean of x_(t-1)',
  v: 'v = sqrt(alphasCumprod) eps - sqrt(1 - alphasCumprod) x_0',
  logVariance: 'log-variance of x_(t-1)',
  varianceFraction: 'log-variance of x_(t-1): -1 is the posterior variance, 1 is beta, linear between',
};

/**
 * The UNet of a trained model as one graph: x [B, H, W, C] and t [B] (and label [B], previousXStart [B, H, W, C] where
 * the model takes them) in, what it predicts out, by its name; float32 whatever it was trained in.
 * @param batch images a call; absent: any number
 */
export function predictorOf(model: TrainedModel, batch?: number): Predictor {
  const values = Object.fromEntries(
    model.layout.entries.map((entry) => [entry.name, viewOf(model.weights, entry)]),
  );
  const specOf = (size: number): ModuleSpec => predictorSpec(model, size);
  const frozen =
    batch === undefined
      ? freezeForAnyBatch(specOf, 'predict', values)
      : freezeProgram(specOf(batch), 'predict', values);
  const explained = ({ name, dtype, shape }: FrozenProgram['inputs'][number]): PredictorPort => {
    return { name, dtype, shape, meaning: MEANINGS[name] ?? '' };
  };
  return { frozen, inputs: frozen.inputs.map(explained), outputs: frozen.outputs.map(explained) };
}

/** The program `predict` of `predictorOf`, for one batch size; variables are the parameters. */
export function predictorSpec(model: TrainedModel, batch: number): ModuleSpec {
  const { config, image, layout } = model;
  const images: TensorSpec = { shape: [batch, image.size, image.size, image.channels], dtype: 'float32' };
  const perImage: TensorSpec = { shape: [batch], dtype: 'int32' };
  return {
    name: 'predictor',
    variables: Object.fromEntries(layout.entries.map(({ name, shape }) => [name, { shape }])),
    programs: {
      predict: {
        inputs: {
          x: images,
          t: perImage,
          ...(config.model.numClasses > 0 && { label: perImage }),
          ...(config.diffusion.selfConditioning && { previousXStart: images }),
        },
        body: (context) => ({ outputs: named(model, predict(context, model)) }),
      },
    },
  };
}

function predict({ input, read }: ProgramContext, { config, image }: TrainedModel): tf.Tensor4D {
  const { numClasses } = config.model;
  const x = input('x') as tf.Tensor4D;
  const hinted = config.diffusion.selfConditioning
    ? tf.concat([x, input('previousXStart') as tf.Tensor4D], 3)
    : x;
  const diffusion = GaussianDiffusion.fromConfig<tf.Tensor>(device, diffusionConfigOf(config));
  const t = diffusion.modelTimesteps(input('t')) as tf.Tensor1D;
  const label = numClasses > 0 ? { label: input('label') as tf.Tensor1D } : {};
  return unet(unetConfigOf(config, image), read, hinted, t, label);
}

/** The output's channels under the names of what they predict. */
function named({ config, image }: TrainedModel, output: tf.Tensor4D): Record<string, tf.Tensor> {
  const { modelMeanType, modelVarType } = config.diffusion;
  if (!modelVarType.startsWith('learned')) return { [modelMeanType]: output };
  const [mean, variance] = tf.split(output, [image.channels, image.channels], 3) as [tf.Tensor, tf.Tensor];
  return {
    [modelMeanType]: mean,
    [modelVarType === 'learned' ? 'logVariance' : 'varianceFraction']: variance,
  };
}
