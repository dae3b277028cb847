import type { TreeNode } from '@ddpm-fleet/core';

/** A finished bucket of the root. */
export interface RootBucket {
  readonly round: number;
  readonly bucket: number;
  /** Of its float32 little-endian bytes (hex); empty where the round has no digest. */
  readonly sha256: string;
  /** Milliseconds that the hash took. */
  readonly digestMs: number;
  /** Of its elements, in float64: NaN or infinite exactly if one of them is. */
  readonly sumSquares: number;
  /** In the wire's dtype. */
  readonly payload: Uint8Array;
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
}

/**
 * Adds partial sums along the reduction tree, bucket by bucket. Who may add what was decided before: it takes every
 * part it is given.
 */
export interface Reducer {
  /** Drops what belongs to earlier rounds. */
  begin(round: number, digest: boolean): void;
  /** @param payload in the wire's dtype; not kept and not changed */
  add(round: number, node: TreeNode, bucket: number, payload: Uint8Array): void;
  close(): Promise<void>;
}
