import type { Task } from '@ddpm-fleet/inference';
import type { WeightsFlags } from '../weights.js';

/** What a process needs to compute parts; a file of its own, because it may hold a label for each of many images. */
export interface PartRequest {
  readonly task: Task;
  /** None where the task needs none. */
  readonly models: readonly StoredModel[];
  readonly engine: 'auto' | 'tensorflow' | 'wasm';
  readonly threads: number;
  /** Directory for results. */
  readonly dir: string;
}

/** Weights that every process finds by itself: of one step, since all must read the same. */
export interface NamedModel {
  readonly target: string;
  readonly weights: WeightsFlags;
}

/** Weights that are named, or those that no checkpoint holds. */
export type StoredModel =
  | NamedModel
  | {
      /** File of float32 in the order of `params`. */
      readonly values: string;
      readonly params: readonly { readonly name: string; readonly shape: readonly number[] }[];
      readonly image: { readonly size: number; readonly channels: number };
      readonly configYaml: string;
    };

/** Where an array lies that a part gave. */
export interface StoredArray {
  readonly file: string;
  readonly type: 'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array';
}

/** What such a process prints, one JSON document a line. */
export type PartMessage =
  | { readonly notice: string }
  | { readonly steps: number }
  | { readonly part: number; readonly arrays: Readonly<Record<string, StoredArray>> }
  | { readonly error: { readonly code: string; readonly message: string } };
