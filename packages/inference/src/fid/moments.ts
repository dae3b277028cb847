/** What is summed over images for a mean and a covariance, in float64. */
export interface Moments {
  readonly count: number;
  /** [D] */
  readonly sum: Float64Array;
  /** Products of pairs, the upper triangle row by row: [D (D + 1) / 2] */
  readonly products: Float64Array;
}

/** @param features [n, D] */
export function momentsOf(features: Float32Array, dimensions: number): Moments {
  const sum = new Float64Array(dimensions);
  const products = new Float64Array((dimensions * (dimensions + 1)) / 2);
  const count = features.length / dimensions;
  for (let i = 0; i < count; i++) addImage(features, i * dimensions, sum, products);
  return { count, sum, products };
}

function addImage(features: Float32Array, at: number, sum: Float64Array, products: Float64Array): void {
  const dimensions = sum.length;
  let to = 0;
  for (let a = 0; a < dimensions; a++) {
    const value = features[at + a]!;
    sum[a]! += value;
    for (let b = a; b < dimensions; b++) products[to++]! += value * features[at + b]!;
  }
}

/** Adds `part` into `total`. Sums depend on their order: parts are added in the order of their images. */
export function addMoments(total: Moments | undefined, part: Moments): Moments {
  if (!total) return part;
  for (let i = 0; i < total.sum.length; i++) total.sum[i]! += part.sum[i]!;
  for (let i = 0; i < total.products.length; i++) total.products[i]! += part.products[i]!;
  return { ...total, count: total.count + part.count };
}
