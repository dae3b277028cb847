import type { SymmetricAlgebra } from '@ddpm-fleet/engine';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Where TensorFlow is not installed: minutes for 2048 features. */
export function mlMatrixAlgebra(size: number): SymmetricAlgebra {
  const matrixOf = (values: Float64Array): Matrix => Matrix.from1DArray(size, size, values);
  const decompose = (values: Float64Array): EigenvalueDecomposition =>
    new EigenvalueDecomposition(matrixOf(values), { assumeSymmetric: true });
  return {
    size,
    eigenvalues: (matrix) => Float64Array.from(decompose(matrix).realEigenvalues),
    eigen: (matrix) => {
      const { realEigenvalues, eigenvectorMatrix } = decompose(matrix);
      return { values: Float64Array.from(realEigenvalues), vectors: valuesOf(eigenvectorMatrix) };
    },
    congruence: (matrix, by) => {
      const right = matrixOf(by);
      return valuesOf(right.transpose().mmul(matrixOf(matrix).mmul(right)));
    },
    dispose: () => {},
  };
}

function valuesOf(matrix: Matrix): Float64Array {
  return Float64Array.from(matrix.to1DArray());
}
