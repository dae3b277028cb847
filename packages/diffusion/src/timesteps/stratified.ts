/**
 * Stratified t over the global batch: the b-th image of a step draws from one of `globalBatchSize` equal strata of
 * [0, T), each taken once a step. Which one is a function of b alone, up to a rotation that is drawn for each step,
 * so that every image's t is uniform on its own. Successive b are a golden section apart, so that any run of images
 * (a slot, say) is spread over the whole of [0, T).
 */
export function stratumOf(indexInBatch: number, globalBatchSize: number, rotation: number): number {
  return (indexInBatch * goldenStride(globalBatchSize) + rotation) % globalBatchSize;
}

/** The t at `uniform` in [0, 1) of a stratum. */
export function stratifiedTimestep(
  stratum: number,
  globalBatchSize: number,
  uniform: number,
  numTimesteps: number,
): number {
  return Math.min(Math.floor(((stratum + uniform) / globalBatchSize) * numTimesteps), numTimesteps - 1);
}

/** The integer nearest to the golden section of `size` (from above) that has no factor in common with it. */
function goldenStride(size: number): number {
  let stride = Math.max(1, Math.round(size * 0.6180339887498949));
  while (greatestCommonDivisor(stride, size) !== 1) stride++;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
