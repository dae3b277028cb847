import { densityOf, innerProduct, type AverageTarget, type PowerAverage } from './target.js';

/** How a wanted average is put together. */
export interface Fit {
  /** Of each power average, in the order given; 0 where it is not needed. */
  readonly coefficients: Float64Array;
  /** Distance of what is put together from the wanted profile, in units of that (L2 over the steps). */
  readonly profileError: number;
}

/** Relative error of an average in float32: of its updates, more than of a snapshot's rounding. */
const ROUNDING = 5e-7;

/**
 * Averages that are there, as a basis for others: the least-squares problem of the profiles, A x = b with
 * A_ij = <p_i, p_j> and b_i = <p_i, p> (Karras et al. 2024, appendix C), in float64, for profiles of length 1. Every
 * average is rounded, and large coefficients of unlike signs, which close profiles invite to, would blow that up: so the
 * error of the sum is made least, rounding^2 |x|^2 included. The factor is Cholesky's with pivots, and leaves out profiles
 * that the others make but for rounding.
 */
export class AverageBasis {
  readonly #averages: readonly PowerAverage[];
  readonly #norms: readonly number[];
  /** Added to the diagonal. */
  readonly #ridge: number;
  /** Averages that count, in the order of elimination. */
  readonly #pivots: number[] = [];
  /** Column k of the factor: an element for each average. */
  readonly #columns: Float64Array[] = [];

  /** @param rounding relative error of each average */
  constructor(averages: readonly PowerAverage[], rounding = 0) {
    this.#averages = averages;
    this.#ridge = Math.max(ROUNDING, rounding) ** 2;
    this.#norms = averages.map((one) => Math.sqrt(innerProduct(one, one)));
    this.#factor();
  }

  /** The sum of these averages that is closest to the target. */
  fit(target: AverageTarget): Fit {
    const density = densityOf(target);
    const norm = Math.sqrt(density.squared);
    const solved = this.#solve((i) => density.with(this.#averages[i]!) / (this.#norms[i]! * norm));
    const coefficients = new Float64Array(this.#averages.length);
    for (const [k, i] of this.#pivots.entries())
      coefficients[i] = (solved.values[k]! * norm) / this.#norms[i]!;
    return { coefficients, profileError: Math.sqrt(solved.residual) + density.mass };
  }

  /** Every wanted width is tried: the narrowest and the widest of those whose profile error is at most `limit`. */
  range(step: number, limit: number, widths: readonly number[]): readonly [number, number] | undefined {
    const possible = widths.filter((std) => this.fit({ relativeStd: std, step }).profileError <= limit);
    return possible.length > 0 ? [possible[0]!, possible.at(-1)!] : undefined;
  }

  #factor(): void {
    const rest = new Float64Array(this.#averages.length).fill(1 + this.#ridge);
    for (;;) {
      const next = rest.reduce((best, value, i) => (value > rest[best]! ? i : best), 0);
      if (!(rest[next]! > 2 * this.#ridge)) return;
      const column = this.#column(next, Math.sqrt(rest[next]!));
      for (const [i, value] of column.entries()) rest[i]! -= value * value;
      rest[next] = 0;
      this.#pivots.push(next);
      this.#columns.push(column);
    }
  }

  #column(pivot: number, root: number): Float64Array {
    const column = new Float64Array(this.#averages.length);
    for (let i = 0; i < column.length; i++) {
      let value = this.#correlation(i, pivot);
      for (const earlier of this.#columns) value -= earlier[i]! * earlier[pivot]!;
      column[i] = value / root;
    }
    // Those already eliminated are exactly nothing in what is left.
    for (const earlier of this.#pivots) column[earlier] = 0;
    column[pivot] = root;
    return column;
  }

  #correlation(i: number, j: number): number {
    if (i === j) return 1 + this.#ridge;
    return innerProduct(this.#averages[i]!, this.#averages[j]!) / (this.#norms[i]! * this.#norms[j]!);
  }

  /** Forward and back. `residual`: the squared distance of the sum from the target, of length 1. */
  #solve(right: (i: number) => number): { values: Float64Array; residual: number } {
    const rank = this.#pivots.length;
    const values = new Float64Array(rank);
    for (const [k, pivot] of this.#pivots.entries()) {
      let value = right(pivot);
      for (let j = 0; j < k; j++) value -= this.#columns[j]![pivot]! * values[j]!;
      values[k] = value / this.#columns[k]![pivot]!;
    }
    const squares = (): number => values.reduce((sum, value) => sum + value * value, 0);
    const explained = squares();
    for (let k = rank - 1; k >= 0; k--) {
      let value = values[k]!;
      for (let j = k + 1; j < rank; j++) value -= this.#columns[k]![this.#pivots[j]!]! * values[j]!;
      values[k] = value / this.#columns[k]![this.#pivots[k]!]!;
    }
    // |p - sum|^2 = 1 - 2 b x + x A x, and x solves (A + ridge) x = b.
    return { values, residual: Math.max(0, 1 - explained - this.#ridge * squares()) };
  }
}
