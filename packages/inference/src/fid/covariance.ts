import { fleetError } from '@ddpm-fleet/core';
import type { FeatureStatistics } from './statistics.js';

/** What statistics computed or kept in float32 leave of symmetry and of eigenvalues that are 0, of the greatest. */
const ROUNDING = 1e-5;

/**
 * Whether these can be mean and covariance at all, as far as can be told without eigenvalues.
 * @throws DDPM_ERR_FID naming the statistics and the entry
 */
export function assertCovariance({ mu, sigma, name }: FeatureStatistics): void {
  const size = mu.length;
  const bad = mu.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) refuse(name, `mu[${bad}] is ${mu[bad]}`);
  const at = sigma.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) refuse(name, `sigma${entry(at, size)} is ${sigma[at]}`);
  const greatest = sigma.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const [one, other] = [sigma[i * size + j]!, sigma[j * size + i]!];
      if (Math.abs(one - other) <= ROUNDING * greatest) continue;
      refuse(name, `sigma is not symmetric: ${one} at ${entry(i * size + j, size)}, ${other} across`);
    }
  }
}

/** @param eigenvalues of its sigma, ascending @throws DDPM_ERR_FID for one that is below 0 by more than rounding */
export function assertNotNegative({ name }: FeatureStatistics, eigenvalues: Float64Array): void {
  const [least, greatest] = [eigenvalues[0]!, eigenvalues.at(-1)!];
  if (least >= -ROUNDING * Math.max(greatest, -least)) return;
  refuse(
    name,
    `sigma is not a covariance: its eigenvalues are ${least.toPrecision(3)} to ${greatest.toPrecision(3)}, and none may be below 0`,
  );
}

function entry(at: number, size: number): string {
  return `[${Math.floor(at / size)}, ${at % size}]`;
}

function refuse(name: string, problem: string): never {
  throw fleetError('DDPM_ERR_FID', {
    problem: `${name}: ${problem}`,
    remedy: 'Compute these statistics again, from features that are all finite.',
  });
}
