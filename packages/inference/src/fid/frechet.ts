import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { fleetError } from '@ddpm-fleet/core';
import type { FeatureStatistics } from './statistics.js';

/**
 * The Frechet distance of two Gaussians, squared (Heusel et al. 2017, eq. 6):
 * |mu_a - mu_b|^2 + tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)).
 * The last trace is that of (S_a^(1/2) S_b S_a^(1/2))^(1/2), which is symmetric, so that nothing complex comes up.
 * @throws DDPM_ERR_FID when they are of features of different length
 */
export function frechetDistance(a: FeatureStatistics, b: FeatureStatistics): number {
  const size = a.mu.length;
  if (b.mu.length !== size) {
    throw fleetError('DDPM_ERR_FID', {
      problem: `features of ${size} and of ${b.mu.length} numbers cannot be compared`,
      remedy: 'Use one model of features for both.',
    });
  }
  let distance = 0;
  for (let i = 0; i < size; i++) distance += (a.mu[i]! - b.mu[i]!) ** 2;
  const [sigmaA, sigmaB] = [matrixOf(a), matrixOf(b)];
  const root = squareRoot(sigmaA);
  const middle = root.mmul(sigmaB).mmul(root);
  return distance + sigmaA.trace() + sigmaB.trace() - 2 * traceOfRoot(symmetric(middle));
}

function matrixOf({ mu, sigma }: FeatureStatistics): Matrix {
  return Matrix.from1DArray(mu.length, mu.length, sigma);
}

/** Rounding makes a product of symmetric matrices slightly unsymmetric. */
function symmetric(matrix: Matrix): Matrix {
  return Matrix.add(matrix, matrix.transpose()).mul(0.5);
}

function squareRoot(matrix: Matrix): Matrix {
  const { roots, vectors } = decompose(matrix);
  return vectors
    .clone()
    .mulRowVector([...roots])
    .mmul(vectors.transpose());
}

function traceOfRoot(matrix: Matrix): number {
  return decompose(matrix).roots.reduce((sum, root) => sum + root, 0);
}

/** Roots of the eigenvalues. Those that rounding alone keeps from 0, or puts below it, are 0: their roots would show. */
function decompose(matrix: Matrix): { roots: Float64Array; vectors: Matrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const least = Math.max(...realEigenvalues) * matrix.rows * Number.EPSILON;
  const roots = Float64Array.from(realEigenvalues, (value) => (value > least ? Math.sqrt(value) : 0));
  return { roots, vectors: eigenvectorMatrix };
}
