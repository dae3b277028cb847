import type { Arithmetic } from '../arithmetic/arithmetic.js';
import { dynamicThreshold, type DynamicThreshold } from '../thresholding.js';
import { COEFFICIENTS, type CoefficientName } from './coefficients.js';

export interface StepInputs<T> {
  /** [B, H, W, C] */
  readonly x: T;
  /** [B, H, W, C], or 2C where the variance is learned. */
  readonly output: T;
  /** Standard normal, as x; absent for samplers that draw none. */
  readonly noise?: T | undefined;
  /** predXStart of the step before; only DPM-Solver++ reads it. */
  readonly previousXStart?: T | undefined;
  /** Replaces the clamp of xStart. */
  readonly threshold?: DynamicThreshold | undefined;
}

export interface StepResult<T> {
  readonly x: T;
  readonly predXStart: T;
}

/**
 * One step of any sampler; traceable, and the same trace for every step.
 * @param inputs.coefficients [n]: `coefficients` of a `SamplerStep`
 */
export function samplerStep<T>(
  arithmetic: Arithmetic<T>,
  { coefficients, ...inputs }: StepInputs<T> & { readonly coefficients: T },
): StepResult<T> {
  const coefficient = (name: CoefficientName) => arithmetic.element(coefficients, COEFFICIENTS.indexOf(name));
  return combineStep(arithmetic, coefficient, inputs);
}

/** The form that `COEFFICIENTS` describes; a coefficient broadcasts against images. */
export function combineStep<T>(
  arithmetic: Arithmetic<T>,
  coefficient: (name: CoefficientName) => T,
  { x, output, noise, previousXStart, threshold }: StepInputs<T>,
): StepResult<T> {
  const { add, mul, exp, affine, shape } = arithmetic;
  const times = (name: CoefficientName, value: T) => mul(coefficient(name), value);
  const learnsVariance = shape(output).at(-1) !== shape(x).at(-1);
  const [mean, values] = learnsVariance ? arithmetic.halves(output) : [output, undefined];
  const raw = add(times('xStartFromX', x), times('xStartFromOutput', mean));
  const predXStart = threshold
    ? dynamicThreshold(arithmetic, raw, threshold)
    : clamp(arithmetic, raw, coefficient('xStartLimit'));
  const terms = [times('fromX', x), times('fromXStart', predXStart), times('fromOutput', mean)];
  if (previousXStart !== undefined) terms.push(times('fromPreviousXStart', previousXStart));
  if (noise !== undefined) {
    const scaled = times('noiseScale', noise);
    terms.push(
      values === undefined ? scaled : mul(scaled, exp(affine(times('logVarianceSlope', values), 0.5))),
    );
  }
  return {
    x: clamp(
      arithmetic,
      terms.reduce((sum, term) => add(sum, term)),
      coefficient('sampleLimit'),
    ),
    predXStart,
  };
}

function clamp<T>({ minimum, maximum, affine }: Arithmetic<T>, value: T, limit: T): T {
  return minimum(maximum(value, affine(limit, -1)), limit);
}
