import { writeFile } from 'node:fs/promises';
import { fleetError } from '@ddpm-fleet/core';
import { encodeNpz, readNpz } from '../files/npz.js';
import type { Moments } from './moments.js';

/** A Gaussian fitted to features. */
export interface FeatureStatistics {
  /** For messages: a file, or what was measured. */
  readonly name: string;
  /** [D] */
  readonly mu: Float64Array;
  /** [D, D], divided by n - 1 as `numpy.cov` does. */
  readonly sigma: Float64Array;
}

/** @throws DDPM_ERR_FID for fewer than two images, which have no covariance */
export function statisticsOf({ count, sum, products }: Moments, name: string): FeatureStatistics {
  if (count < 2) {
    throw fleetError('DDPM_ERR_FID', {
      problem: `${count} image has no covariance`,
      remedy: 'Give more images.',
    });
  }
  const size = sum.length;
  const mu = sum.map((value) => value / count);
  const sigma = new Float64Array(size * size);
  let from = 0;
  for (let a = 0; a < size; a++) {
    for (let b = a; b < size; b++) {
      const value = (products[from++]! - count * mu[a]! * mu[b]!) / (count - 1);
      sigma[a * size + b] = value;
      sigma[b * size + a] = value;
    }
  }
  return { name, mu, sigma };
}

/** As pytorch-fid and its kin read and write them: arrays `mu` [D] and `sigma` [D, D]. */
export async function writeStatistics(path: string, { mu, sigma }: FeatureStatistics): Promise<void> {
  const size = mu.length;
  const arrays = { mu: { values: mu, shape: [size] }, sigma: { values: sigma, shape: [size, size] } };
  await writeFile(path, encodeNpz(arrays));
}

/** @throws DDPM_ERR_NPY */
export async function readStatistics(path: string): Promise<FeatureStatistics> {
  const { mu, sigma } = await readNpz(path, ['mu', 'sigma']);
  if (mu.shape.length !== 1 || sigma.values.length !== mu.values.length ** 2) {
    const detail = `mu is [${mu.shape.join(', ')}] and sigma [${sigma.shape.join(', ')}]; they should be [D] and [D, D]`;
    throw fleetError('DDPM_ERR_NPY', { file: path, detail });
  }
  return { name: path, mu: Float64Array.from(mu.values), sigma: Float64Array.from(sigma.values) };
}
