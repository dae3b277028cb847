import { drawNormal, drawUniform, Purpose } from '@ddpm-fleet/core';
import { interleavedEmbedding } from './blocks/timeEmbedding.js';
import type { Init, ParamSpec } from './params.js';

/**
 * Initial values of all parameters, flat in layout order. Parameter i draws from the stream i of the purpose
 * `init`, on the host: the same floats on every engine.
 * @param seed uint32
 */
export function initParams(specs: readonly ParamSpec[], seed: number): Float32Array {
  const sizes = specs.map(({ shape }) => shape.reduce((product, n) => product * n, 1));
  const flat = new Float32Array(sizes.reduce((sum, n) => sum + n, 0));
  let offset = 0;
  specs.forEach((spec, index) => {
    const size = sizes[index]!;
    fill(flat.subarray(offset, offset + size), spec, seed, BigInt(index));
    offset += size;
  });
  return flat;
}

/** The bound of a uniform initialiser. */
export function uniformLimit(shape: readonly number[], init: Init): number {
  if (init.kind === 'fanInUniform') return 1 / Math.sqrt(init.fanIn);
  if (init.kind !== 'fanAvgUniform') throw new Error(`${init.kind} is not uniform`);
  const area = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  const fanAvg = (area * (shape.at(-2)! + shape.at(-1)!)) / 2;
  return Math.sqrt((3 * init.scale) / fanAvg);
}

function fill(out: Float32Array, { shape, init }: ParamSpec, seed: number, stream: bigint): void {
  const address = { seed, purpose: Purpose.init, counter: 0n, stream };
  switch (init.kind) {
    case 'zeros':
      return;
    case 'ones':
      out.fill(1);
      return;
    case 'timeTable':
      for (let t = 0; t < shape[0]!; t++) out.set(interleavedEmbedding(t, shape[1]!), t * shape[1]!);
      return;
    case 'normal':
      out.set(drawNormal(address, 1, out.length));
      return scale(out, init.stddev, 0);
    case 'fanAvgUniform':
    case 'fanInUniform': {
      const limit = uniformLimit(shape, init);
      out.set(drawUniform(address, 1, out.length));
      return scale(out, 2 * limit, -limit);
    }
  }
}

function scale(values: Float32Array, factor: number, offset: number): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor + offset;
}
