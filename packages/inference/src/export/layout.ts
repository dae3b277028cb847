import type { Layout } from './diffusersNames.js';

interface Shaped {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The shape that a parameter of ours has in diffusers (PyTorch). */
export function torchShape(shape: readonly number[], layout: Layout): readonly number[] {
  switch (layout) {
    case 'same':
      return shape;
    case 'linear':
      return [shape[1]!, shape[0]!];
    case 'pointwise':
      return [shape[1]!, shape[0]!, 1, 1];
    case 'table':
      return [shape[0]! + 1, shape[1]!];
    case 'conv':
      return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  }
}

/** A parameter of ours as diffusers (PyTorch) lays it out. */
export function toTorch({ shape, values }: Shaped, layout: Layout): Shaped {
  return { shape: torchShape(shape, layout), values: torchValues(values, shape, layout) };
}

function torchValues(values: Float32Array, shape: readonly number[], layout: Layout): Float32Array {
  switch (layout) {
    case 'same':
      return values;
    case 'linear':
    case 'pointwise':
      return transposed(values, shape[0]!, shape[1]!);
    case 'table': {
      const table = new Float32Array(values.length + shape[1]!);
      table.set(values);
      return table;
    }
    case 'conv': {
      const [kh, kw, inC, outC] = shape as [number, number, number, number];
      // [kh kw, in, out] -> [out, in, kh kw]
      return reversed(values, kh * kw, inC, outC);
    }
  }
}

/** The way back. @param shape ours */
export function fromTorch(values: Float32Array, shape: readonly number[], layout: Layout): Float32Array {
  switch (layout) {
    case 'same':
      return values;
    case 'table':
      return values.subarray(0, shape[0]! * shape[1]!);
    case 'linear':
    case 'pointwise':
      return transposed(values, shape[1]!, shape[0]!);
    case 'conv': {
      const [kh, kw, inC, outC] = shape as [number, number, number, number];
      return reversed(values, outC, inC, kh * kw);
    }
  }
}

/** [rows, columns] -> [columns, rows] */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return reversed(values, rows, 1, columns);
}

/** [a, b, c] -> [c, b, a] */
function reversed(values: Float32Array, a: number, b: number, c: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) out[(k * b + j) * a + i] = values[(i * b + j) * c + k]!;
    }
  }
  return out;
}
