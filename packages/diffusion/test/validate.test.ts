import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { validateDiffusion, type DiffusionConfig } from '../src/index.js';
import { HO } from './support/diffusions.js';

const allowed: Partial<DiffusionConfig>[] = [
  {},
  { modelVarType: 'fixedSmall' },
  { lossType: 'kl' },
  { lossType: 'rescaledKl', modelVarType: 'learned' },
  { lossType: 'hybrid', modelVarType: 'learnedRange' },
  { lossType: 'rescaledMse', modelVarType: 'learnedRange', betaSchedule: 'cosine' },
  { betaSchedule: 'jsd', modelMeanType: 'v' },
  { betaSchedule: 'jsd', modelMeanType: 'xPrev' },
  { minSnrGamma: 5, modelMeanType: 'v' },
  { minSnrGamma: 5, lossType: 'hybrid', modelVarType: 'learned' },
  { timestepSampler: 'lossSecondMoment', lossType: 'kl' },
  { offsetNoise: 0.1 },
];

const refused: [Partial<DiffusionConfig>, RegExp][] = [
  [{ betaSchedule: 'jsd' }, /jsd and modelMeanType eps .*pure noise/],
  [{ modelVarType: 'learned' }, /would never be trained.*hybrid/],
  [{ modelVarType: 'learnedRange' }, /would never be trained/],
  [{ lossType: 'hybrid' }, /trains the variance alone.*mse/],
  [{ lossType: 'rescaledMse', modelVarType: 'fixedSmall' }, /trains the variance alone/],
  [{ minSnrGamma: 5, lossType: 'kl' }, /bound nothing/],
  [{ minSnrGamma: 5, lossType: 'rescaledKl' }, /bound nothing/],
  [{ minSnrGamma: 5, modelMeanType: 'xPrev' }, /eps, xStart and v/],
  [{ minSnrGamma: 5, timestepSampler: 'lossSecondMoment' }, /another objective/],
  [{ minSnrGamma: -1 }, /signal-to-noise/],
  [{ offsetNoise: NaN }, /standard deviation/],
];

test('what can be trained is let through', (t) => {
  for (const change of allowed)
    t.notThrows(() => validateDiffusion({ ...HO, ...change }), JSON.stringify(change));
});

for (const [change, reason] of refused) {
  test(`refused: ${JSON.stringify(change)}`, (t) => {
    const error = t.throws(() => validateDiffusion({ ...HO, ...change }));
    t.true(isFleetError(error, 'DDPM_ERR_DIFFUSION_CONFIG'));
    t.regex(error!.message, reason);
  });
}

test('a schedule that does not exist is refused before a combination is', (t) => {
  const short = t.throws(() => validateDiffusion({ ...HO, numTimesteps: 1, lossType: 'hybrid' }));
  t.true(isFleetError(short, 'DDPM_ERR_DIFFUSION_TIMESTEPS'));
  const steep = t.throws(() => validateDiffusion({ ...HO, betaEnd: 1.01 }));
  t.true(isFleetError(steep, 'DDPM_ERR_DIFFUSION_BETAS'));
});
