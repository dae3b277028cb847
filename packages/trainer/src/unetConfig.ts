import type { RunConfig } from '@ddpm-fleet/config';
import type { DiffusionConfig } from '@ddpm-fleet/diffusion';
import type { UNetConfig } from '@ddpm-fleet/model';

/** The UNet that a run trains on images of that kind. */
export function unetConfigOf(
  { model, diffusion }: Pick<RunConfig, 'model' | 'diffusion'>,
  image: { readonly size: number; readonly channels: number },
): UNetConfig {
  const learnsVariance = diffusion.modelVarType.startsWith('learned');
  return {
    ...model,
    imageSize: image.size,
    inChannels: image.channels * (diffusion.selfConditioning ? 2 : 1),
    outChannels: image.channels * (learnsVariance ? 2 : 1),
    numTimesteps: diffusion.numTimesteps,
  };
}

export function diffusionConfigOf({ diffusion }: Pick<RunConfig, 'diffusion'>): DiffusionConfig {
  return diffusion;
}
