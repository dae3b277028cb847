import { fleetError } from '@ddpm-fleet/core';

/** Schedules may be added; one that has been released is never changed. */
export const BETA_SCHEDULES = [
  'linear',
  'quad',
  'warmup10',
  'warmup50',
  'const',
  'jsd',
  'cosine',
  'sigmoid',
] as const;

export type BetaScheduleName = (typeof BETA_SCHEDULES)[number];

/** cosine and sigmoid end in a beta of 1, which would make alphasCumprod zero: they stop here. */
const MAX_BETA = 0.999;

/**
 * betas of a forward process in float64: [T], each in (0, 1].
 * Sources: linear, quad, warmup10, warmup50, const, jsd as in Ho et al.'s code (`get_beta_schedule`); cosine:
 * Nichol and Dhariwal 2021, eq. 17, s = 0.008; sigmoid: Jabri et al. 2022 with start -3, end 3, tau 1.
 * `betaStart` and `betaEnd` are not used by jsd, cosine and sigmoid; const uses betaEnd alone.
 * @throws DDPM_ERR_DIFFUSION_TIMESTEPS when T is too small for the schedule
 * @throws DDPM_ERR_DIFFUSION_BETAS when a beta is outside (0, 1]
 */
export function getBetaSchedule(
  name: BetaScheduleName,
  betaStart: number,
  betaEnd: number,
  numTimesteps: number,
): Float64Array {
  const least = leastTimesteps(name);
  if (!Number.isInteger(numTimesteps) || numTimesteps < least) {
    throw fleetError('DDPM_ERR_DIFFUSION_TIMESTEPS', { numTimesteps, schedule: name, least });
  }
  const betas = build(name, betaStart, betaEnd, numTimesteps);
  assertBetas(betas, name);
  return betas;
}

/** @throws DDPM_ERR_DIFFUSION_BETAS naming the first t whose beta is outside (0, 1] or not a number */
export function assertBetas(betas: ArrayLike<number>, name: string): void {
  for (let t = 0; t < betas.length; t++) {
    const beta = betas[t]!;
    if (!(beta > 0 && beta <= 1)) throw fleetError('DDPM_ERR_DIFFUSION_BETAS', { schedule: name, t, beta });
  }
}

/** numpy's linspace: both ends included; one value is `start`. */
export function linspace(start: number, end: number, count: number): Float64Array {
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? end : start + i * step));
}

/** The log-variance of the last step is taken from t = 1, and a warm-up of no steps is none. */
function leastTimesteps(name: BetaScheduleName): number {
  return name === 'warmup10' ? 10 : 2;
}

function build(name: BetaScheduleName, b0: number, b1: number, T: number): Float64Array {
  switch (name) {
    case 'linear':
      return linspace(b0, b1, T);
    case 'quad':
      return linspace(Math.sqrt(b0), Math.sqrt(b1), T).map((root) => root * root);
    case 'warmup10':
      return warmup(b0, b1, T, 0.1);
    case 'warmup50':
      return warmup(b0, b1, T, 0.5);
    case 'const':
      return new Float64Array(T).fill(b1);
    case 'jsd':
      return linspace(T, 1, T).map((n) => 1 / n);
    case 'cosine':
      return fromAlphasCumprod(T, (u) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2);
    case 'sigmoid':
      return fromAlphasCumprod(T, (u) => (sigmoid(3) - sigmoid(6 * u - 3)) / (sigmoid(3) - sigmoid(-3)));
  }
}

function warmup(b0: number, b1: number, T: number, fraction: number): Float64Array {
  const betas = new Float64Array(T).fill(b1);
  const length = Math.floor(T * fraction);
  betas.set(linspace(b0, b1, length));
  return betas;
}

/** betas of the continuous alphasCumprod(u), u in [0, 1]. */
function fromAlphasCumprod(T: number, alphasCumprod: (u: number) => number): Float64Array {
  return Float64Array.from({ length: T }, (_, i) =>
    Math.min(1 - alphasCumprod((i + 1) / T) / alphasCumprod(i / T), MAX_BETA),
  );
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
