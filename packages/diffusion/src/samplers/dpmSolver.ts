import type { ModelMeanType } from '../config.js';
import { NEUTRAL, type SamplerCoefficients } from './coefficients.js';
import { xStartCoefficients, type Transition } from './transition.js';

/**
 * DPM-Solver++ (2M) (Lu et al. 2022, algorithm 2): multistep of second order in the log-SNR, data prediction. The
 * first step, and the last (whose log-SNR is infinite), are of first order.
 */
export function dpmSolverCoefficients(
  modelMeanType: ModelMeanType,
  transition: Transition,
): SamplerCoefficients {
  const { alphasCumprod: ac, target, source } = transition;
  const h = logSnrHalf(target) - logSnrHalf(ac);
  const gain = -Math.sqrt(target) * Math.expm1(-h);
  const isFirstOrder = source === undefined || target === 1;
  // 1 / (2 r), r being the previous step's length over this one's
  const extrapolation = isFirstOrder ? 0 : h / (2 * (logSnrHalf(ac) - logSnrHalf(source)));
  return {
    ...NEUTRAL,
    ...xStartCoefficients(modelMeanType, transition),
    fromX: Math.sqrt((1 - target) / (1 - ac)),
    fromXStart: gain * (1 + extrapolation),
    fromPreviousXStart: -gain * extrapolation,
  };
}

/** lambda = log(alpha / sigma): infinite at both ends. */
function logSnrHalf(alphasCumprod: number): number {
  return Math.log(alphasCumprod / (1 - alphasCumprod)) / 2;
}
