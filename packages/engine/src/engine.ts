import type * as tf from '@tensorflow/tfjs-core';

export type HostArray = Float32Array | Int32Array | Uint8Array;

export interface TensorSpec {
  readonly shape: readonly number[];
  /** `uint8` crosses to the device as bytes; a body sees it as an int32 tensor of the same shape. */
  readonly dtype: 'float32' | 'int32' | 'uint8';
}

/** Where a batch's random numbers lie in the addressed streams. */
export interface RandomAt {
  /** int32 [1]: the bits of a uint32 seed. */
  readonly seed: tf.Tensor;
  /** One of `Purpose`. */
  readonly purpose: number;
  /** int32 [2]: `u64Pair` of the stream position of the batch's first image. */
  readonly position: tf.Tensor;
  /** int32 [2]: `u64Pair` of the counter's high half; absent means 0. */
  readonly stream?: tf.Tensor;
}

/**
 * Draws that depend on their address alone. `shape[0]` counts images; image b draws from counter
 * (position + b) * blocksPerImage(product(shape[1:])), bit for bit as `drawBits` of the core does
 * (normals within 1e-6).
 */
export interface RandomOps {
  /** float32 on [0, 1) */
  uniform(at: RandomAt, shape: readonly number[]): tf.Tensor;
  /** float32 standard normal */
  normal(at: RandomAt, shape: readonly number[]): tf.Tensor;
  /** int32 on [0, maxExclusive) */
  int(at: RandomAt, shape: readonly number[], maxExclusive: number): tf.Tensor;
}

export interface ProgramContext {
  readonly input: (name: string) => tf.Tensor;
  /** The variable's value at the start of the program, whatever the program assigns. */
  readonly read: (variable: string) => tf.Tensor;
  readonly random: RandomOps;
}

export interface ProgramResult {
  readonly outputs?: Record<string, tf.Tensor>;
  /** New values of variables; they take effect together, after every read of the program. */
  readonly assign?: Record<string, tf.Tensor>;
}

/** A function of tensors: traced once where the engine compiles, run each time where it does not. */
export interface ProgramSpec {
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  body(context: ProgramContext): ProgramResult;
}

/** Programs that share float32 variables which live on the device between calls, zero until written. */
export interface ModuleSpec {
  readonly name: string;
  readonly variables: Readonly<Record<string, { readonly shape: readonly number[] }>>;
  readonly programs: Readonly<Record<string, ProgramSpec>>;
}

export interface Module {
  /** Runs one program; blocks its thread until the outputs are on the host. */
  run(program: string, inputs?: Readonly<Record<string, HostArray>>): Record<string, HostArray>;
  /** A copy of a variable's values, row-major. */
  readVariable(name: string): Float32Array;
  writeVariable(name: string, values: Float32Array): void;
  dispose(): void;
}

export interface EngineDescription {
  readonly kind: 'tensorflow' | 'wasm';
  readonly version: string;
  /** `cpu`, or the GPU's name. */
  readonly device: string;
  readonly threads: number;
  readonly compiled: boolean;
  readonly precision: 'float32' | 'bfloat16';
  /** Why it is not the fast one, and what would make it so. */
  readonly reason?: string;
}

export interface Engine {
  readonly description: EngineDescription;
  load(spec: ModuleSpec): Promise<Module>;
  memory(): { readonly numTensors: number; readonly numBytes: number };
  dispose(): Promise<void>;
}

export interface EngineOptions {
  readonly kind: 'auto' | 'tensorflow' | 'wasm';
  readonly compiled: boolean;
  readonly precision: 'float32' | 'bfloat16';
  readonly threads: number;
  /** Told once why the engine is slower than it could be. */
  readonly onNotice?: (text: string) => void;
}
