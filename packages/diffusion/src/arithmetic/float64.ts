import type { Arithmetic } from './arithmetic.js';
import { mapValues, ndArray, sizeOf, zipValues, type NDArray } from './ndArray.js';

/** The reference: plain float64 arrays, one formula at a time, no device. */
export const float64: Arithmetic<NDArray> = {
  shape: (a) => a.shape,
  constant: ndArray,
  timesteps: (values) => ndArray(values, [values.length]),

  lookup: (table, t) => mapValues(t, (index) => at(table, index)),
  element: (vector, index) => ndArray([vector.data[index]!], [1]),
  reshape: (a, shape) => ndArray(a.data, shape),
  repeatFirst,
  halves,
  join,

  add: (a, b) => zipValues(a, b, (x, y) => x + y),
  sub: (a, b) => zipValues(a, b, (x, y) => x - y),
  mul: (a, b) => zipValues(a, b, (x, y) => x * y),
  div: (a, b) => zipValues(a, b, (x, y) => x / y),
  minimum: (a, b) => zipValues(a, b, Math.min),
  maximum: (a, b) => zipValues(a, b, Math.max),
  affine: (a, scale, offset = 0) => mapValues(a, (x) => scale * x + offset),
  clip: (a, low, high) => mapValues(a, (x) => Math.min(Math.max(x, low), high)),
  exp: (a) => mapValues(a, Math.exp),
  log: (a) => mapValues(a, Math.log),
  sqrt: (a) => mapValues(a, Math.sqrt),
  sigmoid: (a) => mapValues(a, (x) => 1 / (1 + Math.exp(-x))),
  abs: (a) => mapValues(a, Math.abs),
  whereLess,

  mean: (a) => perRow(a, (row) => row.reduce((sum, x) => sum + x, 0) / row.length),
  quantile: (a, q) => perRow(a, (row) => quantileOf(row, q)),
  stopGradient: (a) => a,
  free: () => {},
  scope: (body) => body(),
};

function at(table: ArrayLike<number>, index: number): number {
  const value = table[index];
  if (value === undefined) throw new RangeError(`t ${index} is not in [0, ${table.length})`);
  return value;
}

function whereLess(a: NDArray, bound: number, whenTrue: NDArray, whenFalse: NDArray): NDArray {
  const isLess = zipValues(
    a,
    zipValues(whenTrue, whenFalse, () => 0),
    (x) => Number(x < bound),
  );
  const yes = zipValues(isLess, whenTrue, (less, x) => (less ? x : 0));
  const no = zipValues(isLess, whenFalse, (less, x) => (less ? 0 : x));
  return zipValues(yes, no, (x, y) => x + y);
}

function repeatFirst(a: NDArray): NDArray {
  const size = a.data.length / a.shape[0]!;
  return { data: a.data.map((_, i) => a.data[i % size]!), shape: a.shape };
}

function halves(a: NDArray): [NDArray, NDArray] {
  const width = a.shape.at(-1)!;
  const half = width / 2;
  const part = (from: number): NDArray => ({
    data: a.data.filter((_, i) => i % width >= from && i % width < from + half),
    shape: [...a.shape.slice(0, -1), half],
  });
  return [part(0), part(half)];
}

function join(a: NDArray, b: NDArray): NDArray {
  const [wa, wb] = [a.shape.at(-1)!, b.shape.at(-1)!];
  const shape = [...a.shape.slice(0, -1), wa + wb];
  const data = new Float64Array(sizeOf(shape));
  for (let row = 0; row < data.length / (wa + wb); row++) {
    data.set(a.data.subarray(row * wa, (row + 1) * wa), row * (wa + wb));
    data.set(b.data.subarray(row * wb, (row + 1) * wb), row * (wa + wb) + wa);
  }
  return { data, shape };
}

function perRow(a: NDArray, f: (row: Float64Array) => number): NDArray {
  const rows = a.shape[0]!;
  const size = a.data.length / rows;
  const values = Array.from({ length: rows }, (_, i) => f(a.data.subarray(i * size, (i + 1) * size)));
  return ndArray(values, [rows]);
}

function quantileOf(row: Float64Array, q: number): number {
  const sorted = Float64Array.from(row).sort();
  const place = q * (row.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, row.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}
