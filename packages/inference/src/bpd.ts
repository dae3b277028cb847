import * as tf from '@tensorflow/tfjs-core';
import { Purpose, u64Pair, viewOf } from '@ddpm-fleet/core';
import { bpdStep, device, float64, GaussianDiffusion, ndArray, priorBpd } from '@ddpm-fleet/diffusion';
import type { Engine, HostArray, Module, ModuleSpec, ProgramContext } from '@ddpm-fleet/engine';
import { unet } from '@ddpm-fleet/model';
import { diffusionConfigOf, unetConfigOf, withNullLabels } from '@ddpm-fleet/trainer';
import type { TrainedModel } from './denoiser.js';

/** The bound of each image and its parts; T steps of noise, n images. */
export interface BoundTerms {
  /** Bits per dimension of each t, [n, T]. */
  readonly vb: Float32Array;
  /** Squared errors of the predicted image and of the noise that it implies, [n, T]. */
  readonly xStartMse: Float32Array;
  readonly epsMse: Float32Array;
  /** The term that no model changes, [n]. */
  readonly prior: Float64Array;
  /** Sum of the terms and the prior: bits per dimension, [n]. */
  readonly total: Float64Array;
}

export interface BoundRequest {
  /** [n, H, W, C] */
  readonly images: Uint8Array;
  readonly labels?: Int32Array | undefined;
  /** Number of the first image: image i has noise of (seed, first + i, t). */
  readonly first: number;
  readonly seed: number;
  readonly onStep?: () => void;
}

/** A trained UNet that measures the variational bound of images, a batch at a time (`calc_bpd_loop` of Ho et al.). */
export class BoundMeter {
  readonly #module: Module;
  readonly #model: TrainedModel;
  readonly #batch: number;

  static async open(engine: Engine, model: TrainedModel, batch: number): Promise<BoundMeter> {
    const module = await engine.load(boundModule(model, batch));
    for (const entry of model.layout.entries) {
      module.writeVariable(`params/${entry.name}`, viewOf(model.weights, entry).slice());
    }
    return new BoundMeter(module, model, batch);
  }

  private constructor(module: Module, model: TrainedModel, batch: number) {
    this.#module = module;
    this.#model = model;
    this.#batch = batch;
  }

  /** Terms of at most a batch of images, in their order; t falls from T - 1, with noise of its own each. */
  measure({ images, labels, first, seed, onStep }: BoundRequest): BoundTerms {
    const { image, config } = this.#model;
    const bytes = image.size * image.size * image.channels;
    const [count, T] = [images.length / bytes, config.diffusion.numTimesteps];
    const padded = new Uint8Array(this.#batch * bytes);
    padded.set(images);
    const terms = emptyTerms(count, T);
    for (let t = T - 1; t >= 0; t--) {
      const step = this.#module.run('step', {
        images: padded,
        t: new Int32Array(this.#batch).fill(t),
        seed: new Int32Array([seed | 0]),
        position: u64Pair(first),
        stream: u64Pair(t),
        ...(config.model.numClasses > 0 && { labels: this.#labels(labels) }),
      });
      keep(terms, step, t, T);
      onStep?.();
    }
    return this.#summed(terms, images, count);
  }

  /** Images without labels get the null label. */
  #labels(labels: Int32Array | undefined): Int32Array {
    const { numClasses } = this.#model.config.model;
    const all = new Int32Array(this.#batch).fill(numClasses);
    if (labels) all.set(withNullLabels(labels, numClasses));
    return all;
  }

  #summed(terms: BoundTerms, images: Uint8Array, count: number): BoundTerms {
    const diffusion = GaussianDiffusion.fromConfig(float64, diffusionConfigOf(this.#model.config));
    const values = Float64Array.from(images, (byte) => byte / 127.5 - 1);
    const prior = priorBpd(diffusion, ndArray(values, [count, images.length / count])).data;
    const T = terms.vb.length / count;
    const total = prior.map((own, i) =>
      terms.vb.subarray(i * T, (i + 1) * T).reduce((sum, vb) => sum + vb, own),
    );
    return { ...terms, prior, total };
  }

  dispose(): void {
    this.#module.dispose();
  }
}

const MEASURED = ['vb', 'xStartMse', 'epsMse'] as const;

function emptyTerms(count: number, T: number): BoundTerms {
  const each = (): Float32Array => new Float32Array(count * T);
  return {
    ...{ vb: each(), xStartMse: each(), epsMse: each() },
    ...{ prior: new Float64Array(count), total: new Float64Array(count) },
  };
}

function keep(terms: BoundTerms, step: Record<string, HostArray>, t: number, T: number): void {
  const count = terms.prior.length;
  for (const name of MEASURED) {
    for (let i = 0; i < count; i++) terms[name][i * T + t] = step[name]![i]!;
  }
}

export function boundModule(model: TrainedModel, batch: number): ModuleSpec {
  const { config, image, layout } = model;
  const shape = [batch, image.size, image.size, image.channels];
  const params = layout.entries.map(({ name, shape: own }) => [`params/${name}`, { shape: own }] as const);
  const perImage = { shape: [batch], dtype: 'int32' } as const;
  return {
    name: 'bound',
    variables: Object.fromEntries(params),
    programs: {
      step: {
        inputs: {
          images: { shape, dtype: 'uint8' },
          t: perImage,
          seed: { shape: [1], dtype: 'int32' },
          position: { shape: [2], dtype: 'int32' },
          stream: { shape: [2], dtype: 'int32' },
          ...(config.model.numClasses > 0 && { labels: perImage }),
        },
        body: (context) => ({ outputs: { ...stepBody(context, model, shape) } }),
      },
    },
  };
}

function stepBody(context: ProgramContext, { config, image }: TrainedModel, shape: readonly number[]) {
  const unetConfig = unetConfigOf(config, image);
  const label = config.model.numClasses > 0 ? { label: context.input('labels') as tf.Tensor1D } : {};
  const at = {
    ...{ seed: context.input('seed'), purpose: Purpose.evaluate },
    ...{ position: context.input('position'), stream: context.input('stream') },
  };
  return bpdStep<tf.Tensor>(GaussianDiffusion.fromConfig(device, diffusionConfigOf(config)), {
    model: (xT, t) => {
      const x = config.diffusion.selfConditioning ? tf.concat([xT, tf.zerosLike(xT)], 3) : xT;
      const params = (name: string): tf.Tensor => context.read(`params/${name}`);
      return unet(unetConfig, params, x as tf.Tensor4D, t as tf.Tensor1D, label);
    },
    xStart: tf.sub(tf.div(tf.cast(context.input('images'), 'float32'), 127.5), 1),
    t: context.input('t'),
    noise: context.random.normal(at, shape),
  });
}
