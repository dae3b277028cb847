import { loadConfig } from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { initParams, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import type { TrainedModel } from '../../src/index.js';

/** The smallest UNet that has every kind of block, with random weights; 8x8 colour, T = 20. */
export function tinyModel(set: string[] = []): TrainedModel {
  const config = loadConfig({
    env: {},
    set: [
      ...[
        'data.size=8',
        'model.ch=32',
        'model.chMult=[1,2]',
        'model.numResBlocks=1',
        'model.attnResolutions=[4]',
      ],
      ...['diffusion.numTimesteps=20', ...set],
    ],
  });
  const image = { size: 8, channels: 3 };
  const specs = unetParams(unetConfigOf(config, image));
  // The branches' last convolutions start at 1e-10: make them visible.
  const weights = initParams(specs, 5).map((w) => (Math.abs(w) < 1e-6 ? w * 1e6 : w));
  return { config, image, layout: makeLayout(specs), weights };
}

export function compiledEngine(): Promise<Engine> {
  return openEngine({ kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 });
}
