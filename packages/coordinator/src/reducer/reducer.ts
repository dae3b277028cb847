import type { TreeNode } from '@ddpm-fleet/core';
import type { SegmentOffer } from '@ddpm-fleet/protocol';

/** A finished bucket of the root. */
export interface RootBucket {
  readonly round: number;
  readonly bucket: number;
  /** Of its float32 little-endian bytes (hex); empty where the round has no digest. */
  readonly sha256: string;
  /** Milliseconds that the hash took. */
  readonly digestMs: number;
  /** Of its elements, in float64: NaN or infinite exactly if one of them is. See `sumSquares`. */
  readonly sumSquares: number;
  /** In the wire's dtype; absent where it lies in the round's segment. */
  readonly payload?: Uint8Array;
  readonly count: number;
}

export interface ReducerHandlers {
  onRoot(root: RootBucket): void;
  /** A partial sum has a NaN or infinity. */
  onBad(bad: { round: number; node: TreeNode; bucket: number }): void;
  /** The reducer is gone; no sum can be finished. */
  onError(error: Error): void;
}

export interface ReducerOptions {
  readonly numSlots: number;
  readonly buckets: number;
  readonly wireDtype: 'float32' | 'bfloat16';
  /** Bytes of a bucket of the wire, but for the last one. */
  readonly bucketBytes: number;
}

/** Where a payload lies: in a segment that the reducer has been told of. */
export interface Part {
  readonly segment: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * Adds partial sums along the reduction tree, bucket by bucket. Who may add what was decided before: it takes every
 * part it is given.
 */
export interface Reducer {
  /** Present where payloads may lie in memory that others have made. */
  readonly segments?: ReducerSegments;
  /** Drops what belongs to earlier rounds. @param root segment that takes the buckets of the root */
  begin(round: number, digest: boolean, root?: number): void;
  /** @param payload in the wire's dtype; bytes are not kept and not changed, a segment stays as it is until the round ends */
  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array | Part): void;
  close(): Promise<void>;
}

/** The segments that a reducer has mapped, by numbers that its owner gives them. */
export interface ReducerSegments {
  /** Rejects where the segment is out of reach, or is not the one that was meant. @param own made by this process */
  map(segment: number, offer: SegmentOffer, own: boolean): Promise<void>;
  forget(segment: number): void;
}
