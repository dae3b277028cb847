import { extract } from '../arithmetic/arithmetic.js';
import type { ModelMeanType } from '../config.js';
import type { GaussianDiffusion } from '../gaussian.js';
import { COEFFICIENTS, NEUTRAL, type CoefficientName, type SamplerCoefficients } from './coefficients.js';
import { combineStep } from './step.js';
import { xStartCoefficients, type Transition } from './transition.js';

/**
 * DDIM (Song et al. 2021, eqs. 12 and 16): eta 0 is deterministic, eta 1 has the posterior's variance. eps is
 * derived again from the clipped xStart, as improved-diffusion does, or that of the xStart before it was clipped, as
 * diffusers does. A target above the current noise level runs the ODE backwards.
 */
export function ddimCoefficients(
  modelMeanType: ModelMeanType,
  transition: Transition,
  eta: number,
  noise: 'derivedAgain' | 'asPredicted' = 'derivedAgain',
): SamplerCoefficients {
  const { alphasCumprod: ac, target } = transition;
  const xStart = xStartCoefficients(modelMeanType, transition);
  const sigma = eta * Math.sqrt(((1 - target) / (1 - ac)) * (1 - ac / target));
  const direction = eta === 0 ? Math.sqrt(1 - target) : Math.sqrt(Math.max(0, 1 - target - sigma * sigma));
  // direction eps = perX x - perXStart xStart
  const perX = direction / Math.sqrt(1 - ac);
  const perXStart = direction * Math.sqrt(ac / (1 - ac));
  const derived = { fromX: perX, fromXStart: Math.sqrt(target) - perXStart };
  const predicted = {
    fromX: perX - perXStart * xStart.xStartFromX,
    fromOutput: -perXStart * xStart.xStartFromOutput,
    fromXStart: Math.sqrt(target),
  };
  const terms = noise === 'derivedAgain' ? derived : predicted;
  return { ...NEUTRAL, ...xStart, ...terms, noiseScale: eta === 0 ? 0 : sigma };
}

interface DdimArgs<T> {
  readonly output: T;
  readonly x: T;
  readonly t: T;
  readonly clipDenoised: boolean;
}

/** One DDIM step for each image from its own t: x_{t-1} and the xStart predicted on the way. */
export function ddimSample<T>(
  diffusion: GaussianDiffusion<T>,
  { noise, eta, ...args }: DdimArgs<T> & { readonly noise: T; readonly eta: number },
): { sample: T; predXStart: T } {
  return perImageStep(diffusion, args, noise, (transition) =>
    ddimCoefficients(diffusion.options.modelMeanType, transition, eta),
  );
}

/** One step of the reverse ODE: x_{t+1} of an image's own t; after the last t comes pure noise. */
export function ddimReverseSample<T>(
  diffusion: GaussianDiffusion<T>,
  args: DdimArgs<T>,
): { sample: T; predXStart: T } {
  const { alphasCumprodNext } = diffusion.tables;
  return perImageStep(diffusion, args, undefined, (transition, t) =>
    ddimCoefficients(diffusion.options.modelMeanType, { ...transition, target: alphasCumprodNext[t]! }, 0),
  );
}

/** A step whose coefficients are gathered by each image's t. */
function perImageStep<T>(
  { arithmetic, tables }: GaussianDiffusion<T>,
  { output, x, t, clipDenoised }: DdimArgs<T>,
  noise: T | undefined,
  coefficientsAt: (transition: Transition, t: number) => SamplerCoefficients,
): { sample: T; predXStart: T } {
  const rows = Array.from(tables.betas, (beta, i) => {
    const own = { beta, alphasCumprodPrev: tables.alphasCumprodPrev[i]! };
    const transition = { alphasCumprod: tables.alphasCumprod[i]!, target: own.alphasCumprodPrev, own };
    return { ...coefficientsAt(transition, i), ...(clipDenoised && { xStartLimit: 1 }) };
  });
  const gathered = Object.fromEntries(
    COEFFICIENTS.map((name) => [
      name,
      extract(
        arithmetic,
        rows.map((row) => row[name]),
        t,
        x,
      ),
    ]),
  ) as Record<CoefficientName, T>;
  const step = combineStep(arithmetic, (name) => gathered[name], { x, output, noise });
  return { sample: step.x, predXStart: step.predXStart };
}
