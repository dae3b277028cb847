import { fleetError } from '@ddpm-fleet/core';
import type { DiffusionConfig } from './config.js';
import { getBetaSchedule } from './schedule/betaSchedule.js';

/** Settings that cannot be used together, why, and what to write instead. */
interface Refusal {
  readonly when: (config: DiffusionConfig, learned: boolean) => boolean;
  readonly combination: string;
  readonly reason: string;
  readonly remedy: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    when: (c) => c.betaSchedule === 'jsd' && c.modelMeanType === 'eps',
    combination: 'betaSchedule jsd and modelMeanType eps',
    reason: 'the last beta of jsd is 1, so x_T is pure noise and holds no trace of the image to solve for',
    remedy: 'Use modelMeanType v, xStart or xPrev, or another schedule.',
  },
  {
    when: (c, learned) => learned && c.lossType === 'mse',
    combination: 'a learned variance and lossType mse',
    reason: 'mse does not depend on the variance, which would never be trained',
    remedy: 'Use lossType hybrid, rescaledMse, kl or rescaledKl, or modelVarType fixedSmall or fixedLarge.',
  },
  {
    when: (c, learned) => !learned && (c.lossType === 'hybrid' || c.lossType === 'rescaledMse'),
    combination: 'a fixed variance and lossType hybrid or rescaledMse',
    reason: 'the term that these add trains the variance alone, and there is none to train',
    remedy: 'Use lossType mse, or modelVarType learned or learnedRange.',
  },
  {
    when: (c) => (c.minSnrGamma ?? 0) > 0 && (c.lossType === 'kl' || c.lossType === 'rescaledKl'),
    combination: 'minSnrGamma and lossType kl or rescaledKl',
    reason: 'the terms of the bound have their weights already, and weighted ones bound nothing',
    remedy: 'Set minSnrGamma to 0, or use lossType mse, hybrid or rescaledMse.',
  },
  {
    when: (c) => (c.minSnrGamma ?? 0) > 0 && c.modelMeanType === 'xPrev',
    combination: 'minSnrGamma and modelMeanType xPrev',
    reason: 'the weights are defined for predictions of eps, xStart and v',
    remedy: 'Set minSnrGamma to 0, or use modelMeanType eps, xStart or v.',
  },
  {
    when: (c) => (c.minSnrGamma ?? 0) > 0 && c.timestepSampler === 'lossSecondMoment',
    combination: 'minSnrGamma and timestepSampler lossSecondMoment',
    reason: 'the sampler is tuned to the losses before any weight, so it would be tuned to another objective',
    remedy: 'Set minSnrGamma to 0, or use timestepSampler uniform or stratified.',
  },
  {
    when: (c) => !((c.minSnrGamma ?? 0) >= 0),
    combination: 'minSnrGamma and a negative value',
    reason: 'it bounds a signal-to-noise ratio',
    remedy: 'Set it to 0 (off) or above (5 is usual).',
  },
  {
    when: (c) => !((c.offsetNoise ?? 0) >= 0),
    combination: 'offsetNoise and a negative value',
    reason: 'it is a standard deviation',
    remedy: 'Set it to 0 (off) or above (0.1 is usual).',
  },
];

/**
 * Refuses a diffusion that could not be trained, with the reason and the remedy.
 * @throws DDPM_ERR_DIFFUSION_CONFIG for settings that do not go together,
 *   DDPM_ERR_DIFFUSION_TIMESTEPS and DDPM_ERR_DIFFUSION_BETAS for a schedule that does not exist
 */
export function validateDiffusion(config: DiffusionConfig): void {
  getBetaSchedule(config.betaSchedule, config.betaStart, config.betaEnd, config.numTimesteps);
  const learned = config.modelVarType === 'learned' || config.modelVarType === 'learnedRange';
  const refusal = REFUSALS.find(({ when }) => when(config, learned));
  if (refusal) {
    const { combination, reason, remedy } = refusal;
    throw fleetError('DDPM_ERR_DIFFUSION_CONFIG', { combination, reason, remedy });
  }
}
