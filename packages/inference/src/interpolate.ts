import { drawNormal, imageAddress, Purpose } from '@ddpm-fleet/core';
import { float64, GaussianDiffusion, mixLatents, ndArray, type LatentMix } from '@ddpm-fleet/diffusion';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import type { TrainedModel } from './denoiser.js';

export interface LatentsRequest {
  /** The images that belong together in pairs: [2 pairs, H, W, C]. */
  readonly images: Uint8Array;
  /** How far both are noised; 0 is one step. */
  readonly t: number;
  /** Images a pair, both ends included: at least two. */
  readonly columns: number;
  readonly seed: number;
  readonly mix: LatentMix;
}

/**
 * Where chains start whose images lie between two (Ho et al. 2020, figure 8): both ends of a pair noised to t with noise
 * of (seed, image), which all mixtures of the pair share, then mixed.
 * @returns [pairs * columns, H, W, C], a pair after the other
 */
export function interpolationLatents({ config, image }: TrainedModel, request: LatentsRequest): Float32Array {
  const { images, t, columns, seed, mix } = request;
  const size = image.size * image.size * image.channels;
  const pairs = images.length / (2 * size);
  const diffusion = GaussianDiffusion.fromConfig(float64, diffusionConfigOf(config));
  const noised = (k: number) => {
    const values = Float64Array.from(images.subarray(k * size, (k + 1) * size), (byte) => byte / 127.5 - 1);
    const noise = drawNormal(imageAddress(seed, Purpose.interpolate, BigInt(k), size), 1, size);
    return diffusion.qSample(ndArray(values, [1, size]), float64.timesteps([t]), ndArray(noise, [1, size]));
  };
  const latents = new Float32Array(pairs * columns * size);
  for (let pair = 0; pair < pairs; pair++) {
    const [from, to] = [noised(2 * pair), noised(2 * pair + 1)];
    for (let column = 0; column < columns; column++) {
      const lambda = ndArray([column / (columns - 1)], [1]);
      latents.set(mixLatents(float64, from, to, lambda, mix).data, (pair * columns + column) * size);
    }
  }
  return latents;
}
