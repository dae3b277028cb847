import type { ModelMeanType, ModelVarType } from '../config.js';
import { NEUTRAL, type SamplerCoefficients } from './coefficients.js';
import { ancestralNoise, posteriorOf, xStartCoefficients, type Transition } from './transition.js';

/** Ancestral sampling (Ho et al. 2020, algorithm 2), for any pair of noise levels. */
export function ddpmCoefficients(
  { modelMeanType, modelVarType }: { modelMeanType: ModelMeanType; modelVarType: ModelVarType },
  transition: Transition,
): SamplerCoefficients {
  const { coef1, coef2 } = posteriorOf(transition.alphasCumprod, transition.target);
  const mean = modelMeanType === 'xPrev' ? { fromOutput: 1 } : { fromXStart: coef1, fromX: coef2 };
  return {
    ...NEUTRAL,
    ...xStartCoefficients(modelMeanType, transition),
    ...mean,
    ...ancestralNoise(modelVarType, transition),
  };
}
