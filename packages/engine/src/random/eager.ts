import type * as tf from '@tensorflow/tfjs-core';
import {
  drawInt,
  drawNormal,
  drawUniform,
  imageAddress,
  pairToU64,
  type RandomAddress,
} from '@ddpm-fleet/core';
import type { RandomAt, RandomOps } from '../engine.js';

/** The addressed draws of the core, uploaded: for engines that run bodies op by op. */
export function eagerRandom(tfjs: typeof tf): RandomOps {
  return {
    uniform: (at, shape) => draw(tfjs, at, shape, 'float32', drawUniform),
    normal: (at, shape) => draw(tfjs, at, shape, 'float32', drawNormal),
    int: (at, shape, maxExclusive) =>
      draw(tfjs, at, shape, 'int32', (address, images, each) => drawInt(address, images, each, maxExclusive)),
  };
}

type Draw = (address: RandomAddress, images: number, valuesPerImage: number) => Float32Array | Int32Array;

function draw(
  tfjs: typeof tf,
  at: RandomAt,
  shape: readonly number[],
  dtype: 'float32' | 'int32',
  values: Draw,
): tf.Tensor {
  const [images = 1, ...image] = shape;
  const valuesPerImage = image.reduce((product, n) => product * n, 1);
  return tfjs.tensor(values(addressOf(at, valuesPerImage), images, valuesPerImage), [...shape], dtype);
}

function addressOf({ seed, purpose, position, stream }: RandomAt, valuesPerImage: number): RandomAddress {
  const first = pairToU64(position.dataSync());
  const high = stream ? pairToU64(stream.dataSync()) : 0n;
  return imageAddress(seed.dataSync()[0]! >>> 0, purpose, first, valuesPerImage, high);
}
