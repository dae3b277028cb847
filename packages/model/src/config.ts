/** Everything that fixes the function `unet` and the shapes of its parameters. */
export interface UNetConfig {
  /** Images are imageSize x imageSize. */
  readonly imageSize: number;
  /** Channels of x_t; twice the image's with self-conditioning. */
  readonly inChannels: number;
  /** Channels of the output; twice the image's with a learned variance, mean first. */
  readonly outChannels: number;
  /** Base width. */
  readonly ch: number;
  readonly chMult: readonly number[];
  readonly numResBlocks: number;
  /** Feature sizes in pixels; `zoubohao-conditional` has a placement of its own and does not read it. */
  readonly attnResolutions: readonly number[];
  readonly dropout: number;
  readonly numGroups: number;
  readonly resampWithConv: boolean;
  /** 0: unconditional. The label `numClasses` is the null label. */
  readonly numClasses: number;
  readonly kind: 'ho' | 'improved' | 'zoubohao' | 'zoubohao-conditional';
  readonly numHeads: number;
  /** Channels a head; 0: `numHeads` decides. */
  readonly numHeadChannels: number;
  readonly useScaleShiftNorm: boolean;
  readonly resblockUpdown: boolean;
  /** Rows of the trainable time table; only `zoubohao-conditional` has one. */
  readonly numTimesteps?: number;
}

/** What the reference implementations do differently where the configuration cannot say it. */
export interface Style {
  readonly embedding: 'sinCos' | 'cosSin' | 'interleaved';
  readonly normEpsilon: number;
  /** `same` pads bottom and right (TensorFlow), `padded` all sides by 1 (PyTorch), `convPair` sums a 3x3 and a 5x5. */
  readonly downsample: 'same' | 'padded' | 'convPair';
  readonly upsample: 'nearest' | 'transposed';
  /** `fanAvg`: variance scaling, uniform; `torch`: PyTorch's default, biases included. */
  readonly init: 'fanAvg' | 'torch';
  /** What the last convolution of a residual branch starts from; `plain` is `init` like any other. */
  readonly branchInit: 'tiny' | 'zeros' | 'plain';
  /** Labels have an embedding network of their own and a projection in each block. */
  readonly labelNetwork: boolean;
}

const STYLES: Record<UNetConfig['kind'], Style> = {
  // hojonathanho/diffusion, diffusion_tf/models/unet.py and nn.py
  ho: {
    embedding: 'sinCos',
    normEpsilon: 1e-6,
    downsample: 'same',
    upsample: 'nearest',
    init: 'fanAvg',
    branchInit: 'tiny',
    labelNetwork: false,
  },
  // openai/improved-diffusion and openai/guided-diffusion, unet.py and nn.py
  improved: {
    embedding: 'cosSin',
    normEpsilon: 1e-5,
    downsample: 'padded',
    upsample: 'nearest',
    init: 'torch',
    branchInit: 'zeros',
    labelNetwork: false,
  },
  // zoubohao/DenoisingDiffusionProbabilityModel-ddpm-, Diffusion/Model.py
  zoubohao: {
    embedding: 'interleaved',
    normEpsilon: 1e-5,
    downsample: 'padded',
    upsample: 'nearest',
    init: 'fanAvg',
    branchInit: 'tiny',
    labelNetwork: false,
  },
  // the same repository, ModelCondition.py
  'zoubohao-conditional': {
    embedding: 'interleaved',
    normEpsilon: 1e-5,
    downsample: 'convPair',
    upsample: 'transposed',
    init: 'torch',
    branchInit: 'plain',
    labelNetwork: true,
  },
};

export function styleOf(config: UNetConfig): Style {
  return STYLES[config.kind];
}
