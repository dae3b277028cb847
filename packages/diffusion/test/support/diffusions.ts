import {
  GaussianDiffusion,
  getBetaSchedule,
  type DiffusionConfig,
  type GaussianDiffusionOptions,
} from '../../src/index.js';
import type { Subject } from './golden.js';

/** Ho et al.'s CIFAR-10 settings. */
export const HO: DiffusionConfig = {
  numTimesteps: 1000,
  betaSchedule: 'linear',
  betaStart: 1e-4,
  betaEnd: 0.02,
  modelMeanType: 'eps',
  modelVarType: 'fixedLarge',
  lossType: 'mse',
  rescaleTimesteps: false,
};

/** A linear schedule of `T` steps whose last image is noise all the same. */
export function shortLinear<T>(
  { arithmetic }: Subject<T>,
  options: Partial<GaussianDiffusionOptions> & { T: number; betaStart: number; betaEnd: number },
): GaussianDiffusion<T> {
  const betas = getBetaSchedule('linear', options.betaStart, options.betaEnd, options.T);
  return new GaussianDiffusion(arithmetic, {
    modelMeanType: 'eps',
    modelVarType: 'fixedSmall',
    ...options,
    betas,
  });
}

/** The exact predictor of eps for data of which `xStartMean(x, alphasCumprod)` is E[x_0 | x_t = x]. */
export function idealEps<T>(
  diffusion: GaussianDiffusion<T>,
  xStartMean: (x: T, alphasCumprod: T) => T,
): (x: T, t: T) => T {
  const { arithmetic, tables } = diffusion;
  return (x, t) => {
    const [images, ...rest] = arithmetic.shape(x);
    const perT = arithmetic.lookup(tables.alphasCumprod, t);
    const ac = arithmetic.reshape(perT, [images!, ...rest.map(() => 1)]);
    return diffusion.predictEpsFromXStart(x, t, xStartMean(x, ac));
  };
}

/** E[x_0 | x_t = x] for x_0 ~ N(mu, s2), elementwise. */
export function gaussianMean<T>({ arithmetic }: Subject<T>, mu: number, s2: number): (x: T, ac: T) => T {
  const { add, sub, mul, div, affine, sqrt } = arithmetic;
  return (x, ac) => {
    const noise = affine(ac, -1, 1);
    const gain = div(affine(sqrt(ac), s2), add(affine(ac, s2), noise));
    return affine(mul(gain, sub(x, affine(sqrt(ac), mu))), 1, mu);
  };
}
