import { fleetError } from '@ddpm-fleet/core';
import type { SymmetricAlgebra } from '@ddpm-fleet/engine';
import { assertCovariance, assertNotNegative } from './covariance.js';
import { mlMatrixAlgebra } from './mlMatrix.js';
import type { FeatureStatistics } from './statistics.js';

export interface FrechetDistance {
  readonly distance: number;
  /** Of each covariance; below its size where there were fewer images than features. */
  readonly ranks: readonly [number, number];
}

/** Calls of `onStep` for one distance. */
export const FRECHET_STEPS = 4;

/**
 * The Frechet distance of two Gaussians, squared (Heusel et al. 2017, eq. 6):
 * |mu_a - mu_b|^2 + tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)).
 * With S_a = V W V^T, S_a S_b has the eigenvalues of W^(1/2) V^T S_b V W^(1/2), which is symmetric: nothing complex
 * comes up, and no root of a matrix is needed, only those of eigenvalues.
 * @throws DDPM_ERR_FID when they are of features of different length, or one is no Gaussian
 */
export function frechetDistance(
  a: FeatureStatistics,
  b: FeatureStatistics,
  algebra: SymmetricAlgebra = mlMatrixAlgebra(a.mu.length),
  onStep: () => void = () => {},
): FrechetDistance {
  assertComparable(a, b);
  const step = <T>(value: T): T => {
    onStep();
    return value;
  };
  const whole = step(algebra.eigen(a.sigma));
  assertNotNegative(a, whole.values);
  const other = step(algebra.eigenvalues(b.sigma));
  assertNotNegative(b, other);
  const middle = step(algebra.congruence(b.sigma, scaledColumns(whole.vectors, rootsOf(whole.values))));
  const crossed = step(algebra.eigenvalues(middle));
  const distance = squaredDistance(a.mu, b.mu) + trace(a) + trace(b) - 2 * sum(rootsOf(crossed));
  return { distance, ranks: [rank(whole.values), rank(other)] };
}

function assertComparable(a: FeatureStatistics, b: FeatureStatistics): void {
  if (a.mu.length !== b.mu.length) {
    throw fleetError('DDPM_ERR_FID', {
      problem: `features of ${a.mu.length} and of ${b.mu.length} numbers cannot be compared`,
      remedy: 'Use one model of features for both.',
    });
  }
  assertCovariance(a);
  assertCovariance(b);
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  return sum(a.map((value, i) => (value - b[i]!) ** 2));
}

function trace({ mu, sigma }: FeatureStatistics): number {
  return sum(mu.map((_, i) => sigma[i * (mu.length + 1)]!));
}

/** Roots of eigenvalues. Those that rounding alone keeps from 0, or puts below it, are 0: their roots would show. */
function rootsOf(values: Float64Array): Float64Array {
  const least = leastOf(values);
  return values.map((value) => (value > least ? Math.sqrt(value) : 0));
}

function rank(values: Float64Array): number {
  const least = leastOf(values);
  return values.filter((value) => value > least).length;
}

function leastOf(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0) * values.length * Number.EPSILON;
}

function scaledColumns(matrix: Float64Array, by: Float64Array): Float64Array {
  return matrix.map((value, i) => value * by[i % by.length]!);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
