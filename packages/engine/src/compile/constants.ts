import type * as tf from '@tensorflow/tfjs-core';
import type { TensorDType } from './graph/dtype.js';
import { sizeOf, type ConstantValue } from './graph/graph.js';

/** Below this many elements a constant is written out even when all are equal. */
const FILL_FROM = 16;

/** The graph's constant for values that tfjs holds. A tensor filled with one value is kept as that one element. */
export function toConstant(
  values: tf.BackendValues | readonly number[],
  shape: readonly number[],
  dtype: string,
): ConstantValue {
  const typed = typedValues(values, dtype);
  if (sizeOf(shape) !== typed.length)
    throw new Error(`${typed.length} values for a constant of [${shape.join()}]`);
  const whole = new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
  const filled = typed.length >= FILL_FROM && typed.every((value) => Object.is(value, typed[0]));
  const bytes = whole.slice(0, filled ? typed.BYTES_PER_ELEMENT : undefined);
  return { dtype: dtype as TensorDType, shape: [...shape], bytes };
}

/** The values of a constant, in the array type that tfjs has for its dtype. */
export function constantValues({ dtype, shape, bytes }: ConstantValue): tf.TypedArray {
  const copy = bytes.slice().buffer;
  const typed =
    dtype === 'float32'
      ? new Float32Array(copy)
      : dtype === 'int32'
        ? new Int32Array(copy)
        : new Uint8Array(copy);
  const size = sizeOf(shape);
  if (typed.length === size) return typed;
  return new (typed.constructor as Float32ArrayConstructor)(size).fill(typed[0]!);
}

/** The one value that fills a constant, if there is one. */
export function fillValue(value: ConstantValue): number | undefined {
  const element = value.dtype === 'bool' ? 1 : 4;
  if (value.bytes.length !== element) return undefined;
  return constantValues({ ...value, shape: [] })[0];
}

function typedValues(
  values: tf.BackendValues | readonly number[],
  dtype: string,
): Float32Array | Int32Array | Uint8Array {
  const list = values as unknown as ArrayLike<number>;
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(list);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(list);
  if (dtype === 'bool') return values instanceof Uint8Array ? values : Uint8Array.from(list);
  throw new Error(`constants of dtype ${dtype} cannot be recorded`);
}
