import { createHash } from 'node:crypto';
import { bucketsOf, bytesOf, sectionsOf, type ParamLayout, type TrainState } from '@ddpm-fleet/core';
import { tensorsOf } from './parts.js';
import { assertState } from './state.js';

/**
 * What two runs that are the same print the same (hex sha256): over globalStep (u64 LE), then params, optimizer (all
 * of m, then all of v), derived state by name, EMAs by ascending decay; of each tensor in layout order its name in
 * the checkpoint's files, NUL, its float32 LE bytes.
 * @throws DDPM_ERR_CHECKPOINT_STATE
 */
export function checkpointDigest(state: TrainState, layout: ParamLayout): string {
  assertState(state, layout);
  const hash = createHash('sha256');
  const step = Buffer.alloc(8);
  step.writeBigUInt64LE(BigInt(state.globalStep));
  hash.update(step);
  for (const { name, values } of sectionsOf(state).flatMap((section) => tensorsOf(section, layout.entries)))
    hash.update(`${name}\0`).update(bytesOf(values));
  return hash.digest('hex');
}

/**
 * What the journal keeps of a step's gradient (hex): sha256 over the sha256 of each bucket of the tree's root, before
 * division and clipping.
 * @param root float32, layout.size elements
 */
export function gradientDigest(root: Float32Array, layout: ParamLayout, bucketBytes: number): string {
  const buckets = bucketsOf(layout.size, bucketBytes);
  return digestOfBuckets(buckets.map(({ start, end }) => bucketHash(root.subarray(start, end))));
}

/** sha256 of one bucket of the root. */
export function bucketHash(bucket: Float32Array): Buffer {
  return createHash('sha256').update(bytesOf(bucket)).digest();
}

/** The gradient digest from the bucket hashes, in bucket order, whoever computed each. */
export function digestOfBuckets(hashes: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const bucket of hashes) hash.update(bucket);
  return hash.digest('hex');
}
