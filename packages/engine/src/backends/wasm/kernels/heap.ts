import type * as tf from '@tensorflow/tfjs-core';

/** The parts of the wasm backend that a kernel written in JavaScript needs. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
}

export interface HeapCall {
  readonly out: tf.TensorInfo;
  readonly to: Float32Array | Int32Array | Uint8Array;
  readonly from: Float32Array | Int32Array | Uint8Array;
}

/** A fresh output beside an input, both as views of the heap: made after the allocation, which may move the heap. */
export function onHeap(backend: unknown, x: tf.TensorInfo, shape: number[]): HeapCall {
  const wasm = backend as WasmBackend;
  const out = wasm.makeOutput(shape, x.dtype);
  return { out, to: wasm.typedArrayFromHeap(out), from: wasm.typedArrayFromHeap(x) };
}
