import type { DiffusionModel } from './network.js';
import type { GaussianDiffusion } from './gaussian.js';

/** A network that is also given an earlier guess at xStart, [B, H, W, C] like xT; zeros where there is none. */
export type SelfConditionedModel<T> = (xT: T, t: T, previousXStart: T) => T;

/**
 * Self-conditioning for training (Chen et al. 2023, algorithm 1): where the step's coin says so, the network sees
 * its own prediction of xStart, through which no gradient flows.
 * @param coin [1]: 1 or 0, one a step
 */
export function selfConditioned<T>(
  diffusion: GaussianDiffusion<T>,
  model: SelfConditionedModel<T>,
  { t, coin }: { readonly t: T; readonly coin: T },
): DiffusionModel<T> {
  const { affine, mul, stopGradient } = diffusion.arithmetic;
  return (xT, modelT) => {
    const output = model(xT, modelT, affine(xT, 0));
    const { predXStart } = diffusion.pMeanVariance({ output, x: xT, t, clipDenoised: false });
    return model(xT, modelT, mul(coin, stopGradient(predXStart)));
  };
}
