/** A diagonal Gaussian over images. `variance` and `logVariance` broadcast against `mean`. */
export interface Gaussian<T> {
  readonly mean: T;
  readonly variance: T;
  readonly logVariance: T;
}

/** p(x_{t-1} | x_t) and the xStart that it is built on. */
export interface ModelGaussian<T> extends Gaussian<T> {
  readonly predXStart: T;
}
