/** Linear algebra of symmetric float64 matrices [size, size], row by row; of each the lower triangle counts. */
export interface SymmetricAlgebra {
  readonly size: number;
  /** [size], ascending */
  eigenvalues(matrix: Float64Array): Float64Array;
  /** Eigenvalues, ascending, and as columns of [size, size] the eigenvectors of length 1 in the same order. */
  eigen(matrix: Float64Array): { values: Float64Array; vectors: Float64Array };
  /** transpose(by) matrix by; `by` [size, size] */
  congruence(matrix: Float64Array, by: Float64Array): Float64Array;
  dispose(): void;
}
