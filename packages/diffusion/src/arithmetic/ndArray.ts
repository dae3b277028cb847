/** A dense float64 array, row-major. */
export interface NDArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** @throws RangeError when the number of values is not the product of `shape` */
export function ndArray(values: ArrayLike<number>, shape: readonly number[]): NDArray {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`${values.length} values do not fill the shape [${shape.join(', ')}]`);
  }
  return { data: Float64Array.from(values), shape: [...shape] };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function mapValues(a: NDArray, f: (value: number) => number): NDArray {
  return { data: a.data.map(f), shape: a.shape };
}

/** f over pairs, with numpy's broadcasting. */
export function zipValues(a: NDArray, b: NDArray, f: (a: number, b: number) => number): NDArray {
  const shape = broadcastShape(a.shape, b.shape);
  const data = new Float64Array(sizeOf(shape));
  const stepsA = broadcastSteps(a.shape, shape);
  const stepsB = broadcastSteps(b.shape, shape);
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let atA = 0;
    let atB = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = rest % shape[axis]!;
      rest = (rest - index) / shape[axis]!;
      atA += index * stepsA[axis]!;
      atB += index * stepsB[axis]!;
    }
    data[i] = f(a.data[atA]!, b.data[atB]!);
  }
  return { data, shape };
}

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const na = a[axis - rank + a.length] ?? 1;
    const nb = b[axis - rank + b.length] ?? 1;
    if (na !== nb && na !== 1 && nb !== 1) {
      throw new RangeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
    }
    return na === 1 ? nb : na;
  });
}

/** How far one step along each axis of `shape` moves in an array of `own` shape: 0 where it repeats. */
function broadcastSteps(own: readonly number[], shape: readonly number[]): number[] {
  const steps = shape.map(() => 0);
  let step = 1;
  for (let axis = own.length - 1; axis >= 0; axis--) {
    if (own[axis] !== 1) steps[axis + shape.length - own.length] = step;
    step *= own[axis]!;
  }
  return steps;
}
