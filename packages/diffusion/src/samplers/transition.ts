import type { ModelMeanType, ModelVarType } from '../config.js';
import type { SamplerCoefficients } from './coefficients.js';

/** One step of a chain, from the noise level of `alphasCumprod` to that of `target`. */
export interface Transition {
  readonly alphasCumprod: number;
  /** alphasCumprod after the step: 1 for an image. */
  readonly target: number;
  /** alphasCumprod before the previous step of the chain; absent for its first. */
  readonly source?: number;
  /** beta and alphasCumprodPrev of the model's own chain at this t: what an output xPrev means. */
  readonly own: { readonly beta: number; readonly alphasCumprodPrev: number };
}

/** Mean coefficients (of xStart, of xT) and variance of q(x_target | x_t, x_0): eq. 7 for any pair of levels. */
export function posteriorOf(
  alphasCumprod: number,
  target: number,
): { coef1: number; coef2: number; variance: number; beta: number } {
  const alpha = alphasCumprod / target;
  const beta = 1 - alpha;
  return {
    coef1: (beta * Math.sqrt(target)) / (1 - alphasCumprod),
    coef2: ((1 - target) * Math.sqrt(alpha)) / (1 - alphasCumprod),
    variance: (beta * (1 - target)) / (1 - alphasCumprod),
    beta,
  };
}

/** How xStart follows from x and the output. */
export function xStartCoefficients(
  modelMeanType: ModelMeanType,
  { alphasCumprod: ac, own }: Transition,
): Pick<SamplerCoefficients, 'xStartFromX' | 'xStartFromOutput'> {
  switch (modelMeanType) {
    case 'eps':
      return { xStartFromX: Math.sqrt(1 / ac), xStartFromOutput: -Math.sqrt(1 / ac - 1) };
    case 'v':
      return { xStartFromX: Math.sqrt(ac), xStartFromOutput: -Math.sqrt(1 - ac) };
    case 'xStart':
      return { xStartFromX: 0, xStartFromOutput: 1 };
    case 'xPrev': {
      const coef1 = (own.beta * Math.sqrt(own.alphasCumprodPrev)) / (1 - ac);
      const coef2 = ((1 - own.alphasCumprodPrev) * Math.sqrt(1 - own.beta)) / (1 - ac);
      return { xStartFromX: -coef2 / coef1, xStartFromOutput: 1 / coef1 };
    }
  }
}

/** The standard deviation of an ancestral step; none into an image. */
export function ancestralNoise(
  modelVarType: ModelVarType,
  { alphasCumprod, target }: Transition,
): Pick<SamplerCoefficients, 'noiseScale' | 'logVarianceSlope'> {
  if (target === 1) return { noiseScale: 0, logVarianceSlope: 0 };
  const { variance, beta } = posteriorOf(alphasCumprod, target);
  switch (modelVarType) {
    case 'fixedSmall':
      return { noiseScale: Math.sqrt(variance), logVarianceSlope: 0 };
    case 'fixedLarge':
      return { noiseScale: Math.sqrt(beta), logVarianceSlope: 0 };
    case 'learned':
      return { noiseScale: 1, logVarianceSlope: 1 };
    case 'learnedRange':
      // The log-variance is the middle of the two logs plus `values` half-ranges.
      return {
        noiseScale: (variance * beta) ** 0.25,
        logVarianceSlope: Math.log(beta / variance) / 2,
      };
  }
}
