import type { UNetConfig } from '../../src/index.js';

/** The CIFAR-10 UNet of Ho et al. */
export const CIFAR: UNetConfig = {
  kind: 'ho',
  imageSize: 32,
  inChannels: 3,
  outChannels: 3,
  ch: 128,
  chMult: [1, 2, 2, 2],
  numResBlocks: 2,
  attnResolutions: [16],
  dropout: 0.1,
  numGroups: 32,
  resampWithConv: true,
  numClasses: 0,
  numHeads: 1,
  numHeadChannels: 0,
  useScaleShiftNorm: false,
  resblockUpdown: false,
};

/** Small enough for the cpu backend. */
export const TINY: UNetConfig = {
  ...CIFAR,
  imageSize: 8,
  ch: 8,
  chMult: [1, 2],
  numResBlocks: 1,
  attnResolutions: [4],
  numGroups: 4,
};
