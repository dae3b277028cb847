import type { RunConfig } from '@ddpm-fleet/config';
import { attentionHeads } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import type { TrainedModel } from '../denoiser.js';

/** At this length of the chain rescaled timesteps are the timesteps. */
const RESCALED_TO = 1000;

/**
 * What of a config a `UNet2DModel` and a `DDPMScheduler` cannot say, or would say differently: it would load without a
 * word and compute something else. Empty: they hold all of it.
 */
export function diffusersLimits(of: Pick<TrainedModel, 'config' | 'image'>): string[] {
  return [...modelLimits(of), ...diffusionLimits(of.config)];
}

/** Channels of an attention head where all of the network's are as wide; undefined where they differ. */
export function headWidth({ config, image }: Pick<TrainedModel, 'config' | 'image'>): number | undefined {
  const widths = attentionHeads(unetConfigOf(config, image)).map(({ ch, heads }) => ch / heads);
  return widths.every((width) => width === widths[0]) ? widths[0] : undefined;
}

function modelLimits(of: Pick<TrainedModel, 'config' | 'image'>): string[] {
  const { model } = of.config;
  if (model.kind !== 'ho' && model.kind !== 'improved')
    return [`its UNet2DModel is not the UNet of model.kind ${model.kind}`];
  const sizes = model.chMult.length;
  const byMean = !model.resampWithConv && !model.resblockUpdown && sizes > 1;
  const heads = attentionHeads(unetConfigOf(of.config, of.image));
  const oneHead = heads.every((stage) => stage.heads === 1);
  return [
    ...(byMean ? ['it cannot resample without a convolution (model.resampWithConv false)'] : []),
    ...(model.chMult[0] === 1
      ? []
      : [
          `its first level is as wide as its first convolution (model.chMult begins with ${model.chMult[0]})`,
        ]),
    ...(oneHead || headWidth(of) !== undefined
      ? []
      : [
          `its attention heads are as wide in the whole network (model.numHeads ${model.numHeads} makes heads of ` +
            `${[...new Set(heads.map(({ ch, heads: n }) => ch / n))].join(' and ')} channels)`,
        ]),
  ];
}

function diffusionLimits({ diffusion }: RunConfig): string[] {
  const rescales = diffusion.rescaleTimesteps && diffusion.numTimesteps !== RESCALED_TO;
  return [
    ...(diffusion.selfConditioning ? ['it has no self-conditioning'] : []),
    ...(rescales ? ['it does not rescale timesteps (diffusion.rescaleTimesteps)'] : []),
    ...(diffusion.modelMeanType === 'xPrev' ? ['it has no prediction type xPrev'] : []),
    ...(diffusion.modelVarType === 'learned'
      ? ['its "learned" reads a variance where Ho et al. learn a log-variance']
      : []),
  ];
}
