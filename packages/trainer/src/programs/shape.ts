import type { TensorSpec } from '@ddpm-fleet/engine';

/** [B, H, W, C] */
export type BatchShape = readonly [number, number, number, number];

/** int32 [2]: `u64Pair` of the first image's stream position. */
export const POSITION: TensorSpec = { shape: [2], dtype: 'int32' };

export const SCALAR: TensorSpec = { shape: [], dtype: 'float32' };
