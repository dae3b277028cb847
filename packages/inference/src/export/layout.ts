import type { Layout } from './diffusersNames.js';

interface Shaped {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A parameter of ours as diffusers (PyTorch) lays it out. */
export function toTorch({ shape, values }: Shaped, layout: Layout): Shaped {
  switch (layout) {
    case 'same':
      return { shape, values };
    case 'linear':
      return { shape: [shape[1]!, shape[0]!], values: transposed(values, shape[0]!, shape[1]!) };
    case 'pointwise':
      return { shape: [shape[1]!, shape[0]!, 1, 1], values: transposed(values, shape[0]!, shape[1]!) };
    case 'conv': {
      const [kh, kw, inC, outC] = shape as [number, number, number, number];
      // [kh kw, in, out] -> [out, in, kh kw]
      return { shape: [outC, inC, kh, kw], values: reversed(values, kh * kw, inC, outC) };
    }
  }
}

/** The way back. @param shape ours */
export function fromTorch(values: Float32Array, shape: readonly number[], layout: Layout): Float32Array {
  switch (layout) {
    case 'same':
      return values;
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
