import { drawBits, drawInt, imageAddress, Purpose } from '@ddpm-fleet/core';
import type { TimestepSamplerName } from '../config.js';
import {
  drawByProbability,
  importanceWeights,
  timestepProbabilities,
  type LossHistory,
} from './lossSecondMoment.js';
import { stratifiedTimestep, stratumOf } from './stratified.js';

export interface DrawTimestepsArgs {
  readonly sampler: TimestepSamplerName;
  readonly numTimesteps: number;
  readonly seed: number;
  /** Stream position of the first image; step k reads positions [k G, (k + 1) G). */
  readonly position: bigint;
  /** Images of this share of the batch. */
  readonly count: number;
  /** G; `stratified` only. */
  readonly globalBatchSize?: number;
  /** `lossSecondMoment` only: as it was before the step. */
  readonly history?: LossHistory;
}

export interface DrawnTimesteps {
  /** [count] in [0, T) */
  readonly t: Int32Array;
  /** [count]: factors of the losses; absent where all are 1. */
  readonly weights?: Float32Array;
}

/**
 * t of `count` successive images. It depends on each image's position (and on the history, which all share), not
 * on who asks or for how many at once. Uniform t are those of an `int` draw with `Purpose.t` in a program.
 * @throws RangeError when what the sampler needs is missing
 */
export function drawTimesteps(args: DrawTimestepsArgs): DrawnTimesteps {
  switch (args.sampler) {
    case 'uniform':
      return { t: drawInt(address(args, 1), args.count, 1, args.numTimesteps) };
    case 'stratified':
      return { t: drawStratified(args) };
    case 'lossSecondMoment':
      return drawBySecondMoment(args);
  }
}

function drawStratified(args: DrawTimestepsArgs): Int32Array {
  const size = args.globalBatchSize;
  if (size === undefined) throw new RangeError('stratified t need the globalBatchSize');
  const uniforms = drawUniform53(args);
  return Int32Array.from(uniforms, (uniform, i) => {
    const at = args.position + BigInt(i);
    const stratum = stratumOf(
      Number(at % BigInt(size)),
      size,
      rotationOf(args.seed, at / BigInt(size), size),
    );
    return stratifiedTimestep(stratum, size, uniform, args.numTimesteps);
  });
}

function drawBySecondMoment(args: DrawTimestepsArgs): DrawnTimesteps {
  if (args.history === undefined) throw new RangeError('lossSecondMoment needs the history');
  const probabilities = timestepProbabilities(args.history);
  const t = Int32Array.from(drawUniform53(args), (uniform) => drawByProbability(probabilities, uniform));
  const perTimestep = importanceWeights(probabilities);
  return { t, weights: Float32Array.from(t, (at) => perTimestep[at]!) };
}

/** Drawn once a step, by its number. */
function rotationOf(seed: number, globalStep: bigint, globalBatchSize: number): number {
  return drawInt(imageAddress(seed, Purpose.stratifiedT, globalStep, 1), 1, 1, globalBatchSize)[0]!;
}

/** [count] uniform on [0, 1) with 53 bits: a float32 draw is too coarse for the rare t of 1000. */
function drawUniform53(args: DrawTimestepsArgs): Float64Array {
  const bits = drawBits(address(args, 2), args.count, 2);
  return Float64Array.from({ length: args.count }, (_, i) => {
    const high = bits[2 * i]! >>> 5;
    const low = bits[2 * i + 1]! >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  });
}

function address({ seed, position }: DrawTimestepsArgs, valuesPerImage: number) {
  return imageAddress(seed, Purpose.t, position, valuesPerImage);
}
