import { fleetError } from '@ddpm-fleet/core';
import type { EmaConfig } from './types.js';

/** The decay at which what was there has half its weight after so many images. */
export function decayOfHalfLife(images: number, globalBatchSize: number): number {
  return 0.5 ** (globalBatchSize / images);
}

/**
 * Decays from half-lives, for this batch. Where both are given, what was given with more authority stands; as a run
 * records them they agree.
 * @throws DDPM_ERR_CONFIG_VALUE where they are given alike and differ
 */
export function settleEma(
  ema: EmaConfig,
  globalBatchSize: number,
  rankOf: (path: string) => number,
): EmaConfig {
  const { decays, halfLifeImages } = ema;
  if (halfLifeImages.length === 0) return ema;
  const [said, other] = [rankOf('ema.halfLifeImages'), rankOf('ema.decays')];
  if (other > said) return { ...ema, halfLifeImages: [] };
  const settled = halfLifeImages.map((images) => decayOfHalfLife(images, globalBatchSize));
  if (other === said && settled.join() !== decays.join()) {
    const must = `must be left out beside ema.decays, or agree with it (${settled.join(', ')} at ${globalBatchSize} images a step)`;
    const value = JSON.stringify(halfLifeImages);
    throw fleetError('DDPM_ERR_CONFIG_VALUE', {
      place: 'the resolved config',
      key: 'ema.halfLifeImages',
      must,
      value,
    });
  }
  return { ...ema, decays: settled };
}
