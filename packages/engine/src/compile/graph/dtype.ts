/** `DataType` of tensorflow/core/framework/types.proto, as far as graphs here use it. */
export const DataType = {
  float32: 1,
  float64: 2,
  uint8: 4,
  int32: 3,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  resource: 20,
  uint64: 23,
} as const;

export type GraphDType = keyof typeof DataType;

/** Those that a tfjs tensor can have. */
export type TensorDType = 'float32' | 'int32' | 'bool';

/** Bytes an element, for those that constants can have. */
export const BYTES: Readonly<Record<GraphDType, number>> = {
  float32: 4,
  float64: 8,
  uint8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  bfloat16: 2,
  resource: 0,
  uint64: 8,
};
