import { fleetError } from '@ddpm-fleet/core';
import type { OptimizerConfig } from '@ddpm-fleet/config';

/** The numbers of one Adam update that change from step to step. */
export interface AdamScalars {
  /** p -= stepSize * m / (sqrt(v) + epsilon) */
  readonly stepSize: number;
  readonly epsilon: number;
  /** p -= decay * p before that (AdamW) */
  readonly decay: number;
}

/**
 * Bias corrections in float64 for the update that takes state `globalStep` to `globalStep + 1` (Kingma & Ba 2015,
 * section 2, last paragraph). The two places for epsilon differ in its size alone: beside sqrt(v) as it is (`tf1`,
 * "epsilon hat", Ho et al.), or beside the corrected sqrt(v) (`pytorch`).
 */
export function adamScalars(config: OptimizerConfig, globalStep: number, lr: number): AdamScalars {
  const correction1 = 1 - config.beta1 ** (globalStep + 1);
  const correction2 = Math.sqrt(1 - config.beta2 ** (globalStep + 1));
  return {
    stepSize: (lr * correction2) / correction1,
    epsilon: config.epsilonForm === 'tf1' ? config.epsilon : config.epsilon * correction2,
    decay: config.kind === 'adamw' ? lr * config.weightDecay : 0,
  };
}

/** @throws DDPM_ERR_OPTIMIZER */
export function validateAdam({ kind, weightDecay, beta1, beta2 }: OptimizerConfig): void {
  if (kind === 'adam' && weightDecay > 0) {
    const problem = `kind adam has no weight decay, but weightDecay is ${weightDecay}`;
    throw fleetError('DDPM_ERR_OPTIMIZER', { problem, remedy: 'Use kind adamw, or weightDecay 0.' });
  }
  if (beta1 < 1 && beta2 < 1) return;
  const problem = `beta1 ${beta1} and beta2 ${beta2} must be below 1`;
  throw fleetError('DDPM_ERR_OPTIMIZER', { problem, remedy: '0.9 and 0.999 are usual.' });
}
