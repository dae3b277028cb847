import type { BetaScheduleName } from './schedule/betaSchedule.js';

/** What the network's output is read as: Ho et al. 2020 (eps, xStart, xPrev); Salimans and Ho 2022 (v). */
export type ModelMeanType = 'eps' | 'xStart' | 'xPrev' | 'v';

/**
 * The variance of p(x_{t-1} | x_t). `fixedSmall`: posterior variance; `fixedLarge`: beta; `learned`: the second
 * half of the output's channels is the log-variance; `learnedRange`: it interpolates between the logs of the
 * two fixed ones (Nichol and Dhariwal 2021, eq. 15).
 */
export type ModelVarType = 'fixedSmall' | 'fixedLarge' | 'learned' | 'learnedRange';

/**
 * `mse`: L_simple (Ho et al. eq. 14). `kl`: one term of the bound, in bits per dimension; `rescaledKl`: T times
 * it, an estimate of the whole bound. `hybrid`: mse plus the term, which trains the variance only;
 * `rescaledMse`: the same with the term times T/1000.
 */
export type LossType = 'mse' | 'kl' | 'hybrid' | 'rescaledMse' | 'rescaledKl';

export type TimestepSamplerName = 'uniform' | 'stratified' | 'lossSecondMoment';

/** What fixes a diffusion; the `diffusion` section of a run's config has this shape. */
export interface DiffusionConfig {
  /** T: at least 2. */
  readonly numTimesteps: number;
  readonly betaSchedule: BetaScheduleName;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly modelMeanType: ModelMeanType;
  readonly modelVarType: ModelVarType;
  readonly lossType: LossType;
  /** The model is given t * 1000 / T, not t. */
  readonly rescaleTimesteps: boolean;
  readonly timestepSampler?: TimestepSamplerName;
  /** Min-SNR loss weights with this gamma (5 is usual); 0 or absent: none. */
  readonly minSnrGamma?: number;
  /** Strength of the noise that a whole channel of an image shares (0.1 is usual); 0 or absent: none. */
  readonly offsetNoise?: number;
  readonly selfConditioning?: boolean;
}
