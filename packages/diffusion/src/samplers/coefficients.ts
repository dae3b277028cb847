/**
 * One step of every sampler here has the same form, with numbers that depend on t alone:
 *
 *   predXStart = clamp(xStartFromX x + xStartFromOutput output, xStartLimit)
 *   next = clamp(fromX x + fromXStart predXStart + fromOutput output + fromPreviousXStart previous predXStart
 *          + noiseScale exp(logVarianceSlope values / 2) noise, sampleLimit)
 *
 * where `values` are the second half of the output's channels, if it has one. So one compiled program runs all
 * steps of all samplers; a limit of Infinity clamps nothing.
 */
export const COEFFICIENTS = [
  'xStartFromX',
  'xStartFromOutput',
  'xStartLimit',
  'fromX',
  'fromXStart',
  'fromOutput',
  'fromPreviousXStart',
  'noiseScale',
  'logVarianceSlope',
  'sampleLimit',
] as const;

export type CoefficientName = (typeof COEFFICIENTS)[number];
export type SamplerCoefficients = Readonly<Record<CoefficientName, number>>;

/** The order in which a program takes them, rounded once to float32. */
export function packCoefficients(coefficients: SamplerCoefficients): Float32Array {
  return Float32Array.from(COEFFICIENTS, (name) => coefficients[name]);
}

/** A step that leaves x as it is, to be overridden. */
export const NEUTRAL: SamplerCoefficients = {
  xStartFromX: 0,
  xStartFromOutput: 1,
  xStartLimit: Infinity,
  fromX: 0,
  fromXStart: 0,
  fromOutput: 0,
  fromPreviousXStart: 0,
  noiseScale: 0,
  logVarianceSlope: 0,
  sampleLimit: Infinity,
};
