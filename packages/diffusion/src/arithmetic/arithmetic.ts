/**
 * The few operations in which every formula of this package is written, so that one text of a formula runs in
 * float64 (the reference) and on a device.
 *
 * Shapes: B images, H x W pixels, C channels, row-major NHWC. Binary operations broadcast as numpy does.
 * A *table* holds one float64 number a timestep; it reaches `T` only when it is gathered, so that nothing is
 * rounded before the last moment.
 */
export interface Arithmetic<T> {
  readonly shape: (a: T) => readonly number[];
  readonly constant: (values: ArrayLike<number>, shape: readonly number[]) => T;
  /** Integers [B], as a model takes them for `t`: int32 on a device. */
  readonly timesteps: (values: ArrayLike<number>) => T;

  /** table[t]: [B] -> [B]. */
  readonly lookup: (table: ArrayLike<number>, t: T) => T;
  /** vector[index]: [n] -> [1], which broadcasts against anything. */
  readonly element: (vector: T, index: number) => T;
  readonly reshape: (a: T, shape: readonly number[]) => T;
  /** The first image of `a`, repeated for the whole batch. */
  readonly repeatFirst: (a: T) => T;
  /** The two halves of the last axis. */
  readonly halves: (a: T) => [T, T];
  /** Joined on the last axis. */
  readonly join: (a: T, b: T) => T;

  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
  readonly div: (a: T, b: T) => T;
  readonly minimum: (a: T, b: T) => T;
  readonly maximum: (a: T, b: T) => T;
  /** scale * a + offset */
  readonly affine: (a: T, scale: number, offset?: number) => T;
  readonly clip: (a: T, low: number, high: number) => T;
  readonly exp: (a: T) => T;
  readonly log: (a: T) => T;
  readonly sqrt: (a: T) => T;
  /** 1 / (1 + exp(-a)), to full relative precision where that is small. */
  readonly sigmoid: (a: T) => T;
  readonly abs: (a: T) => T;
  /** a < bound ? whenTrue : whenFalse. Both branches are evaluated and differentiated: both must be finite. */
  readonly whereLess: (a: T, bound: number, whenTrue: T, whenFalse: T) => T;

  /** Mean of each image over all its values: [B, ...] -> [B]. */
  readonly mean: (a: T) => T;
  /** The q-quantile of each image's values, linear between order statistics: [B, ...] -> [B]. */
  readonly quantile: (a: T, q: number) => T;
  /** `a`, through which no gradient flows. */
  readonly stopGradient: (a: T) => T;
  /** Gives back the memory of a value that nobody will read again. */
  readonly free: (a: T) => void;
  /** Runs `body` and frees what it allocated, except its result. */
  readonly scope: <R>(body: () => R) => R;
}

/** A value for each image, made to broadcast over images of `like`: [B] -> [B, 1, 1, 1]. */
export function perImage<T>(arithmetic: Arithmetic<T>, value: T, like: T): T {
  const [images, ...rest] = arithmetic.shape(like);
  return arithmetic.reshape(value, [images!, ...rest.map(() => 1)]);
}

/** table[t] for each image, made to broadcast over images of `like`. */
export function extract<T>(arithmetic: Arithmetic<T>, table: ArrayLike<number>, t: T, like: T): T {
  return perImage(arithmetic, arithmetic.lookup(table, t), like);
}

/** The mean of squared differences of each image: [B]. */
export function meanSquaredError<T>(arithmetic: Arithmetic<T>, a: T, b: T): T {
  const difference = arithmetic.sub(a, b);
  return arithmetic.mean(arithmetic.mul(difference, difference));
}
