import { loadConfig } from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import type { TrainedModel } from '@ddpm-fleet/inference';
import { initParams, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';

export interface SamplingModel {
  readonly config: string;
  /** Instead of the config's model: the UNet of Ho et al. at this width, on 32 x 32 colour images. */
  readonly channels?: number;
}

/** A model as it is before training: its speed is that of a trained one. */
export function samplingModel({ config: file, channels }: SamplingModel): TrainedModel {
  const config =
    channels === undefined
      ? loadConfig({ env: {}, file })
      : loadConfig({ env: {}, set: [`model.ch=${channels}`, 'data.size=32', 'model.attnResolutions=[16]'] });
  const image = { size: config.data.size, channels: config.data.channels };
  const specs = unetParams(unetConfigOf(config, image));
  return { config, image, layout: makeLayout(specs), weights: initParams(specs, config.seed) };
}
