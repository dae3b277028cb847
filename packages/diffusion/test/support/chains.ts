import type { SamplerOptions } from '../../src/index.js';
import { readJson } from './golden.js';

/** A whole chain on the fixed eps function of test/golden/sampler-chains.py. */
export interface Chain {
  readonly title: string;
  readonly options: SamplerOptions;
  readonly guidance?: { readonly scale: number; readonly rescale: number };
  readonly quantile?: number;
  /** [image][after a quarter, half, three quarters and all of the steps][value] */
  readonly images: number[][][];
}

const file = readJson('test/golden/sampler-chains.json');

export const VALUES: number = file.values;

export const CHAINS: readonly Chain[] = file.chains.map(
  ({ images, guidance: scale, rescale, threshold: quantile, ...options }: any) => ({
    title: JSON.stringify({ ...options, scale, rescale, quantile }),
    options,
    ...(scale !== undefined && { guidance: { scale, rescale } }),
    ...(quantile !== undefined && { quantile }),
    images,
  }),
);

export function startValues(image: number): number[] {
  return Array.from({ length: VALUES }, (_, j) => 1.5 * Math.cos(1.7 * j + 2.1 * image));
}

export function noiseValues(image: number, index: number): number[] {
  return Array.from(
    { length: VALUES },
    (_, j) => 1.2 * Math.sin(12.9898 * (index + 1) + 78.233 * (j + 1) + 3.7 * image),
  );
}

export function epsValues(x: readonly number[], t: number, label: number): number[] {
  return x.map(
    (v, j) =>
      0.8 * Math.sin(1.3 * v + 0.002 * t + 0.5 * label) +
      0.3 * Math.cos(0.7 * x[(j + x.length - 1) % x.length]!),
  );
}
