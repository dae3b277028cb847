/** How a flat gradient is cut: bucket b holds elements [b * width, min((b + 1) * width, size)). */
export interface BucketPlan {
  /** Elements of the flat gradient. */
  readonly size: number;
  /** Elements of every bucket but the last. */
  readonly width: number;
  readonly count: number;
}

/**
 * Buckets are fixed by the layout and the config alone, so that their digests are the same whoever reduces.
 * @param size elements of the flat gradient
 * @param bucketBytes bytes of a bucket in float32, whatever the wire dtype
 */
export function bucketPlan(size: number, bucketBytes: number): BucketPlan {
  const width = Math.max(1, Math.floor(bucketBytes / 4));
  return { size, width, count: Math.ceil(size / width) };
}

/** Elements [start, end) of a bucket. */
export function bucketSpan(plan: BucketPlan, bucket: number): { start: number; end: number } {
  const start = bucket * plan.width;
  return { start, end: Math.min(start + plan.width, plan.size) };
}

/** A bucket of a flat gradient: a view, not a copy. */
export function bucketOf(plan: BucketPlan, flat: Float32Array, bucket: number): Float32Array {
  const { start, end } = bucketSpan(plan, bucket);
  return flat.subarray(start, end);
}
