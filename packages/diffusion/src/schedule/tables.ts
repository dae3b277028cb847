import { fleetError } from '@ddpm-fleet/core';
import { assertBetas } from './betaSchedule.js';

/**
 * Everything about a forward process that depends on t alone: float64 [T] each, t = 0 being one step of noise.
 * Names and formulas of Ho et al. 2020, section 2 and eq. 7.
 */
export interface DiffusionTables {
  readonly numTimesteps: number;
  readonly betas: Float64Array;
  readonly alphas: Float64Array;
  /** Products of alphas up to and with t. */
  readonly alphasCumprod: Float64Array;
  /** The same up to t - 1; 1 at t = 0. */
  readonly alphasCumprodPrev: Float64Array;
  /** The same up to t + 1; 0 at t = T - 1. */
  readonly alphasCumprodNext: Float64Array;
  readonly sqrtAlphasCumprod: Float64Array;
  readonly sqrtOneMinusAlphasCumprod: Float64Array;
  readonly logOneMinusAlphasCumprod: Float64Array;
  /** Infinite where alphasCumprod is 0 (the last step of jsd). */
  readonly sqrtRecipAlphasCumprod: Float64Array;
  readonly sqrtRecipm1AlphasCumprod: Float64Array;
  /** beta-tilde of eq. 7: 0 at t = 0, where q(x_{t-1} | x_t, x_0) is a point. */
  readonly posteriorVariance: Float64Array;
  /** Its logarithm, with the value of t = 1 at t = 0, where it would be minus infinity. */
  readonly posteriorLogVarianceClipped: Float64Array;
  /** log beta, with posteriorLogVarianceClipped[0] at t = 0, so that the decoder is not wider than it need be. */
  readonly fixedLargeLogVariance: Float64Array;
  /** Weight of xStart in the mean of eq. 7. */
  readonly posteriorMeanCoef1: Float64Array;
  /** Weight of xT in the mean of eq. 7. */
  readonly posteriorMeanCoef2: Float64Array;
  /** alphasCumprod / (1 - alphasCumprod) */
  readonly snr: Float64Array;
}

/**
 * @param betas each in (0, 1]; at least two, since the log-variance at t = 0 is that of t = 1
 * @throws DDPM_ERR_DIFFUSION_TIMESTEPS, DDPM_ERR_DIFFUSION_BETAS
 */
export function diffusionTables(betas: ArrayLike<number>, schedule = 'given'): DiffusionTables {
  const numTimesteps = betas.length;
  if (numTimesteps < 2)
    throw fleetError('DDPM_ERR_DIFFUSION_TIMESTEPS', { numTimesteps, schedule, least: 2 });
  assertBetas(betas, schedule);
  const each = (f: (t: number) => number) => Float64Array.from({ length: numTimesteps }, (_, t) => f(t));
  const beta = Float64Array.from(betas);
  const alphas = beta.map((b) => 1 - b);
  const ac = cumulativeProducts(alphas);
  const acp = each((t) => (t === 0 ? 1 : ac[t - 1]!));
  const posteriorVariance = each((t) => (beta[t]! * (1 - acp[t]!)) / (1 - ac[t]!));
  const clippedLog = (values: Float64Array) =>
    each((t) => Math.log(t === 0 ? posteriorVariance[1]! : values[t]!));
  return {
    numTimesteps,
    betas: beta,
    alphas,
    alphasCumprod: ac,
    alphasCumprodPrev: acp,
    alphasCumprodNext: each((t) => ac[t + 1] ?? 0),
    sqrtAlphasCumprod: ac.map((a) => Math.sqrt(a)),
    sqrtOneMinusAlphasCumprod: ac.map((a) => Math.sqrt(1 - a)),
    logOneMinusAlphasCumprod: ac.map((a) => Math.log1p(-a)),
    sqrtRecipAlphasCumprod: ac.map((a) => Math.sqrt(1 / a)),
    sqrtRecipm1AlphasCumprod: ac.map((a) => Math.sqrt(1 / a - 1)),
    posteriorVariance,
    posteriorLogVarianceClipped: clippedLog(posteriorVariance),
    fixedLargeLogVariance: clippedLog(beta),
    posteriorMeanCoef1: each((t) => (beta[t]! * Math.sqrt(acp[t]!)) / (1 - ac[t]!)),
    posteriorMeanCoef2: each((t) => ((1 - acp[t]!) * Math.sqrt(alphas[t]!)) / (1 - ac[t]!)),
    snr: ac.map((a) => a / (1 - a)),
  };
}

function cumulativeProducts(values: Float64Array): Float64Array {
  let product = 1;
  return values.map((value) => (product *= value));
}
