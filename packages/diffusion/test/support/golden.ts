import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import type { ExecutionContext } from 'ava';
import { device, float64, type Arithmetic, type NDArray } from '../../src/index.js';

export type Nested = number | string | readonly Nested[];

// Compiled tests run from packages/diffusion/dist/test/support.
const root = new URL('../../../../../', import.meta.url);

/** The golden numbers, computed independently in numpy float64; see its `meta`. */
export const golden = readJson('test/golden/ddpm.json');

/** What golden lacks; made by test/golden/diffusion-extra.py. */
export const extra = readJson('test/golden/diffusion-extra.json');

export function readJson(path: string) {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
}

/** Values of nested lists, with the non-finite ones spelled out. */
export function flatten(values: Nested): number[] {
  return Array.isArray(values) ? values.flatMap(flatten) : [Number(values)];
}

export function shapeOf(values: Nested): number[] {
  return Array.isArray(values) ? [values.length, ...shapeOf((values as Nested[])[0]!)] : [];
}

/** An arithmetic together with how close to the golden numbers it must come. */
export interface Subject<T = unknown> {
  readonly name: string;
  readonly arithmetic: Arithmetic<T>;
  readonly rtol: number;
  readonly atol: number;
  readonly values: (a: T) => number[];
}

const tolerances = golden.meta.tolerances;

export const reference: Subject<NDArray> = {
  name: 'float64',
  arithmetic: float64,
  ...tolerances.float64,
  values: (a: NDArray) => [...a.data],
};

export const onDevice: Subject<tf.Tensor> = {
  name: 'device',
  arithmetic: device as Arithmetic<tf.Tensor>,
  ...tolerances.float32,
  values: (a: tf.Tensor) => [...a.dataSync()],
};

/** Declares one test for each arithmetic. */
export function eachArithmetic(declare: (subject: Subject) => void): void {
  declare(reference as unknown as Subject);
  declare(onDevice as unknown as Subject);
}

/** A constant of the subject with the values and shape of nested lists. */
export function given<T>({ arithmetic }: Subject<T>, values: Nested): T {
  return arithmetic.constant(flatten(values), shapeOf(values));
}

/** @param relax factor on the tolerances, for quantities that golden's `meta` says lose most */
export function close<T>(
  t: ExecutionContext,
  subject: Subject<T>,
  actual: T,
  expected: Nested,
  what = '',
  relax = 1,
) {
  const want = flatten(expected);
  const got = subject.values(actual);
  const size = want.length;
  t.true(got.length === size || size % got.length === 0, `${what}: ${got.length} values for ${size}`);
  // A value per image broadcasts over its pixels.
  const each = size / got.length;
  want.forEach((value, i) => near(t, subject, got[Math.floor(i / each)]!, value, `${what}[${i}]`, relax));
}

export function near(
  t: ExecutionContext,
  { rtol, atol, name }: Pick<Subject, 'rtol' | 'atol' | 'name'>,
  got: number,
  want: number,
  what: string,
  relax = 1,
) {
  const ok = Object.is(got, want) || Math.abs(got - want) <= relax * (atol + rtol * Math.abs(want));
  t.true(ok, `${name} ${what}: ${got}, expected ${want}`);
}

/** Elements of a float64 table at `t`. */
export function at(table: ArrayLike<number>, ts: readonly number[]): number[] {
  return ts.map((i) => table[i]!);
}
