import type { EmaProfile } from '@ddpm-fleet/core';
import { powerWeight } from './averages/profile.js';

/** How an exponential average of the parameters starts. */
export interface EmaStart {
  /**
   * `copyFirst`: the first update copies, later ones use the decay (Ho et al., gpu_utils: decay 1e-10 at step 0).
   * `warmup`: min(decay, 1 - (1 + k / invGamma)^-power), `ramp`: min(decay, (1 + k) / (10 + k)), with k the committed
   * steps before the update; both copy at k = 0 (diffusers, training_utils.py, EMAModel.get_decay).
   */
  readonly start: 'copyFirst' | 'warmup' | 'ramp';
  readonly warmupPower: number;
  readonly warmupInvGamma: number;
}

/**
 * The decay of the update that belongs to the step taking state `globalStep` to `globalStep + 1`; 0 means copy.
 * float64: the weight `1 - decay` is what is rounded to float32.
 */
export function emaDecay(decay: number, form: EmaStart, globalStep: number): number {
  if (globalStep === 0) return 0;
  switch (form.start) {
    case 'copyFirst':
      return decay;
    case 'warmup':
      return Math.min(decay, 1 - (1 + globalStep / form.warmupInvGamma) ** -form.warmupPower);
    case 'ramp':
      return Math.min(decay, (1 + globalStep) / (10 + globalStep));
  }
}

/**
 * The weight of the new parameters in the update that takes state `globalStep` to `globalStep + 1`, float32. Averages move by `weight * (params - ema)`, as TensorFlow's
 * ExponentialMovingAverage does it: written as `decay * ema + weight * params` the two rounded factors do not add up
 * to one.
 */
export function emaWeight(profile: EmaProfile, form: EmaStart, globalStep: number): number {
  return Math.fround(
    profile.decay === undefined
      ? powerWeight(profile.relativeStd, globalStep + 1)
      : 1 - emaDecay(profile.decay, form, globalStep),
  );
}

/**
 * Moves `ema` towards `params` in place, every operation in float32; weight 1 copies. Returns `ema`.
 * The reference for the update that runs on the device. A move below half a float32 step is none: at decay 0.9999 an
 * average stops 6e-4 (relative) beside parameters that stand still.
 */
export function updateEma(ema: Float32Array, params: Float32Array, weight: number): Float32Array {
  const w = Math.fround(weight);
  if (w === 1) {
    ema.set(params);
    return ema;
  }
  for (let i = 0; i < ema.length; i++) {
    ema[i] = ema[i]! + Math.fround(w * Math.fround(params[i]! - ema[i]!));
  }
  return ema;
}
