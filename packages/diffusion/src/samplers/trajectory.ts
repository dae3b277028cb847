import type { Arithmetic } from '../arithmetic/arithmetic.js';
import type { GaussianDiffusion } from '../gaussian.js';
import { pSampleLoop, pSampleSteps, type LoopArgs } from './loop.js';

/**
 * Every image of a chain, x_T first: T + 1 of them, and the t at which each stands (-1: the finished one). The
 * first `repeatNoiseSteps` steps share their noise over the batch, and so does x_T from 0 on; -1: nothing is
 * shared, and images[0] is the caller's. From the older class of Ho et al. (`p_sample_loop_trajectory`).
 */
export function pSampleLoopTrajectory<T>(
  diffusion: GaussianDiffusion<T>,
  { repeatNoiseSteps = -1, ...args }: LoopArgs<T> & { readonly repeatNoiseSteps?: number },
): { times: number[]; images: T[] } {
  const { repeatFirst, free } = diffusion.arithmetic;
  const last = diffusion.numTimesteps - 1;
  const xT = repeatNoiseSteps >= 0 ? repeatFirst(args.xT) : args.xT;
  const noise = (t: number) => (last - t < repeatNoiseSteps ? repeatFirst(args.noise(t)) : args.noise(t));
  const times = [last];
  const images = [xT];
  for (const { t, sample, predXStart } of pSampleSteps(diffusion, { ...args, xT, noise })) {
    free(predXStart);
    times.push(t - 1);
    images.push(sample);
  }
  return { times, images };
}

/** `linear` as Ho et al. ran it; `constantVariance` keeps the noise as strong as at the ends. */
export type LatentMix = 'linear' | 'constantVariance';

/** A point between two noised images; lambda is [1] or a number of the batch's shape, 0 giving the first. */
export function mixLatents<T>(
  { add, mul, div, affine, sqrt }: Arithmetic<T>,
  xT1: T,
  xT2: T,
  lambda: T,
  mix: LatentMix = 'linear',
): T {
  const rest = affine(lambda, -1, 1);
  const mixed = add(mul(rest, xT1), mul(lambda, xT2));
  return mix === 'linear' ? mixed : div(mixed, sqrt(add(mul(rest, rest), mul(lambda, lambda))));
}

export interface InterpolateArgs<T> extends Omit<LoopArgs<T>, 'xT' | 'startT'> {
  readonly x1: T;
  readonly x2: T;
  /** [1] or [B, 1, 1, 1] in [0, 1] */
  readonly lambda: T;
  /** How far both are noised; 0 is one step. */
  readonly t: number;
  /** The noise of each end: independent draws. */
  readonly noise1: T;
  readonly noise2: T;
  readonly mix?: LatentMix;
}

/** Images between two (Ho et al. 2020, figure 8): both noised to t, mixed, and sampled from t down, t included. */
export function interpolate<T>(diffusion: GaussianDiffusion<T>, args: InterpolateArgs<T>): T {
  const { arithmetic } = diffusion;
  const { x1, x2, lambda, t, noise1, noise2, mix, ...loop } = args;
  const images = arithmetic.shape(x1)[0]!;
  const xT = arithmetic.scope(() => {
    const ts = arithmetic.timesteps(new Int32Array(images).fill(t));
    const xT1 = diffusion.qSample(x1, ts, noise1);
    return mixLatents(arithmetic, xT1, diffusion.qSample(x2, ts, noise2), lambda, mix);
  });
  const sample = pSampleLoop(diffusion, { ...loop, xT, startT: t });
  arithmetic.free(xT);
  return sample;
}
