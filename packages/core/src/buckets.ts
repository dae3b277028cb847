/** Elements [start, end) of a flat buffer: the unit in which gradients travel and are hashed. */
export interface Bucket {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a flat buffer of `size` float32 elements into buckets of `bucketBytes` bytes (the last one may be shorter).
 * They depend on these two numbers alone, so that everyone who hashes buckets hashes the same ones.
 * @throws RangeError when bucketBytes is not a positive multiple of 4
 */
export function bucketsOf(size: number, bucketBytes: number): Bucket[] {
  const width = bucketBytes / 4;
  if (!Number.isInteger(width) || width < 1)
    throw new RangeError(`bucketBytes ${bucketBytes} is not a multiple of 4`);
  const buckets: Bucket[] = [];
  for (let start = 0; start < size; start += width) {
    buckets.push({ index: buckets.length, start, end: Math.min(start + width, size) });
  }
  return buckets;
}
