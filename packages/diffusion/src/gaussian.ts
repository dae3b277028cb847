import { extract, type Arithmetic } from './arithmetic/arithmetic.js';
import type { DiffusionConfig, LossType, ModelMeanType, ModelVarType } from './config.js';
import { getBetaSchedule } from './schedule/betaSchedule.js';
import { diffusionTables, type DiffusionTables } from './schedule/tables.js';
import { validateDiffusion } from './validate.js';
import type { Gaussian, ModelGaussian } from './normal.js';
import { modelVariance } from './variance.js';

type TableName = Exclude<keyof DiffusionTables, 'numTimesteps'>;

export interface GaussianDiffusionOptions {
  readonly betas: ArrayLike<number>;
  readonly modelMeanType: ModelMeanType;
  readonly modelVarType: ModelVarType;
  /** `mse` if absent. */
  readonly lossType?: LossType;
  /** Min-SNR weights of the squared error; 0 or absent: none. */
  readonly minSnrGamma?: number;
  readonly rescaleTimesteps?: boolean;
  /** Of a respaced chain: the t of the whole chain, which the model knows, for each t of this one. */
  readonly timestepMap?: readonly number[];
  /** T of the chain that the model was trained on; the number of betas if absent. */
  readonly originalNumTimesteps?: number;
}

interface Prediction<T> {
  /** The network's output [B, H, W, C], or [B, H, W, 2C] where the variance is learned. */
  readonly output: T;
  readonly x: T;
  readonly t: T;
  /** Clip the predicted xStart to [-1, 1], and the mean with it. */
  readonly clipDenoised: boolean;
}

/**
 * The forward process q and the learned reverse process p of Ho et al. 2020 (`GaussianDiffusion2` of their code),
 * in float64 or on a device. Images are [B, H, W, C] in [-1, 1]; `t` is [B], 0-based: t = 0 is one step of noise.
 * It holds no tensor and draws nothing: noise comes in as an argument.
 */
export class GaussianDiffusion<T> {
  readonly arithmetic: Arithmetic<T>;
  readonly tables: DiffusionTables;
  readonly options: GaussianDiffusionOptions;

  /** @throws DDPM_ERR_DIFFUSION_TIMESTEPS, DDPM_ERR_DIFFUSION_BETAS */
  constructor(arithmetic: Arithmetic<T>, options: GaussianDiffusionOptions) {
    this.arithmetic = arithmetic;
    this.options = options;
    this.tables = diffusionTables(options.betas);
  }

  /** @throws what `validateDiffusion` throws */
  static fromConfig<T>(arithmetic: Arithmetic<T>, config: DiffusionConfig): GaussianDiffusion<T> {
    validateDiffusion(config);
    const { betaSchedule, betaStart, betaEnd, numTimesteps } = config;
    const betas = getBetaSchedule(betaSchedule, betaStart, betaEnd, numTimesteps);
    return new GaussianDiffusion(arithmetic, { ...config, betas });
  }

  get numTimesteps(): number {
    return this.tables.numTimesteps;
  }

  /** The mean and the variance are separate channels of the output. */
  get learnsVariance(): boolean {
    return this.options.modelVarType === 'learned' || this.options.modelVarType === 'learnedRange';
  }

  /** What the model is given for `t`: the t of the chain that it was trained on, times 1000/T if so configured. */
  modelTimesteps(t: T): T {
    const { timestepMap, rescaleTimesteps, originalNumTimesteps } = this.options;
    if (!timestepMap && !rescaleTimesteps) return t;
    const scale = rescaleTimesteps ? 1000 / (originalNumTimesteps ?? this.numTimesteps) : 1;
    const table = Array.from({ length: this.numTimesteps }, (_, i) => (timestepMap?.[i] ?? i) * scale);
    return this.arithmetic.lookup(table, t);
  }

  /** q(x_t | x_0), eq. 4. */
  qMeanVariance(xStart: T, t: T): Gaussian<T> {
    return {
      mean: this.arithmetic.mul(this.#at('sqrtAlphasCumprod', t, xStart), xStart),
      variance: this.arithmetic.affine(this.#at('alphasCumprod', t, xStart), -1, 1),
      logVariance: this.#at('logOneMinusAlphasCumprod', t, xStart),
    };
  }

  /** A draw from q(x_t | x_0): x_t = sqrt(ac) x_0 + sqrt(1 - ac) noise. */
  qSample(xStart: T, t: T, noise: T): T {
    return this.arithmetic.add(
      ...this.#terms(t, 'sqrtAlphasCumprod', xStart, 'sqrtOneMinusAlphasCumprod', noise),
    );
  }

  /** q(x_{t-1} | x_t, x_0), eqs. 6 and 7; at t = 0 the log-variance is that of t = 1. */
  qPosteriorMeanVariance(xStart: T, xT: T, t: T): Gaussian<T> {
    return {
      mean: this.arithmetic.add(...this.#terms(t, 'posteriorMeanCoef1', xStart, 'posteriorMeanCoef2', xT)),
      variance: this.#at('posteriorVariance', t, xT),
      logVariance: this.#at('posteriorLogVarianceClipped', t, xT),
    };
  }

  predictXStartFromEps(xT: T, t: T, eps: T): T {
    return this.arithmetic.sub(
      ...this.#terms(t, 'sqrtRecipAlphasCumprod', xT, 'sqrtRecipm1AlphasCumprod', eps),
    );
  }

  predictXStartFromXPrev(xT: T, t: T, xPrev: T): T {
    const { sub, mul, div } = this.arithmetic;
    const rest = mul(this.#at('posteriorMeanCoef2', t, xT), xT);
    return div(sub(xPrev, rest), this.#at('posteriorMeanCoef1', t, xT));
  }

  /** v = sqrt(ac) eps - sqrt(1 - ac) x_0 (Salimans and Ho 2022), solved for x_0. */
  predictXStartFromV(xT: T, t: T, v: T): T {
    return this.arithmetic.sub(...this.#terms(t, 'sqrtAlphasCumprod', xT, 'sqrtOneMinusAlphasCumprod', v));
  }

  predictEpsFromXStart(xT: T, t: T, xStart: T): T {
    const { sub, mul, div } = this.arithmetic;
    const signal = mul(this.#at('sqrtAlphasCumprod', t, xT), xStart);
    return div(sub(xT, signal), this.#at('sqrtOneMinusAlphasCumprod', t, xT));
  }

  vFrom(xStart: T, t: T, eps: T): T {
    return this.arithmetic.sub(
      ...this.#terms(t, 'sqrtAlphasCumprod', eps, 'sqrtOneMinusAlphasCumprod', xStart),
    );
  }

  /**
   * p(x_{t-1} | x_t). Clipping moves the mean, which is recomputed from the clipped xStart, except for the mean
   * type xPrev, whose output is the mean itself. `fixedLarge` returns betas[0] as the variance at t = 0 while its
   * log-variance there is that of the posterior at t = 1, as Ho et al. have it; only the log-variance is used.
   */
  pMeanVariance({ output, x, t, clipDenoised }: Prediction<T>): ModelGaussian<T> {
    const [mean, values] = this.learnsVariance ? this.arithmetic.halves(output) : [output, undefined];
    const raw = this.#predictXStart(mean, x, t);
    const predXStart = clipDenoised ? this.arithmetic.clip(raw, -1, 1) : raw;
    return {
      mean:
        this.options.modelMeanType === 'xPrev' ? mean : this.qPosteriorMeanVariance(predXStart, x, t).mean,
      ...modelVariance(this, values, t, x),
      predXStart,
    };
  }

  /** A draw from p(x_{t-1} | x_t); images at t = 0 get the mean. */
  pSample({ noise, ...prediction }: Prediction<T> & { readonly noise: T }): { sample: T; predXStart: T } {
    const { add, mul, affine, exp } = this.arithmetic;
    const { mean, logVariance, predXStart } = this.pMeanVariance(prediction);
    const isNoisy = Float64Array.from({ length: this.numTimesteps }, (_, t) => Number(t !== 0));
    const mask = extract(this.arithmetic, isNoisy, prediction.t, mean);
    const deviation = mul(mask, exp(affine(logVariance, 0.5)));
    return { sample: add(mean, mul(deviation, noise)), predXStart };
  }

  #predictXStart(mean: T, x: T, t: T): T {
    switch (this.options.modelMeanType) {
      case 'eps':
        return this.predictXStartFromEps(x, t, mean);
      case 'xPrev':
        return this.predictXStartFromXPrev(x, t, mean);
      case 'v':
        return this.predictXStartFromV(x, t, mean);
      case 'xStart':
        return mean;
    }
  }

  #at(table: TableName, t: T, like: T): T {
    return extract(this.arithmetic, this.tables[table], t, like);
  }

  /** Both factors times their tables at t. */
  #terms(t: T, tableA: TableName, a: T, tableB: TableName, b: T): [T, T] {
    const { mul } = this.arithmetic;
    return [mul(this.#at(tableA, t, a), a), mul(this.#at(tableB, t, b), b)];
  }
}
