import { styleOf, type Style, type UNetConfig } from './config.js';
import { planUNet, type ResBlockStage, type Stage } from './stages.js';

/** From what a parameter starts. */
export type Init =
  /** U(-limit, limit), limit = sqrt(3 scale / ((fanIn + fanOut) / 2)); fans count the kernel's area. */
  | { readonly kind: 'fanAvgUniform'; readonly scale: number }
  /** U(-1/sqrt(fanIn), 1/sqrt(fanIn)): PyTorch's default for kernels and their biases. */
  | { readonly kind: 'fanInUniform'; readonly fanIn: number }
  | { readonly kind: 'normal'; readonly stddev: number }
  /** Row t is the interleaved sinusoidal embedding of t. */
  | { readonly kind: 'timeTable' }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' };

export interface ParamSpec {
  readonly name: string;
  /** conv kernels [kh, kw, in, out]; dense and 1x1 [in, out]. */
  readonly shape: readonly number[];
  readonly init: Init;
}

/**
 * "init_scale 0" of Ho et al. means 1e-10, not 0 (nn.py `default_init`); the same as zoubohao's xavier gain 1e-5.
 */
const TINY_SCALE = 1e-10;

/** Every parameter of the UNet in creation order, which is layout order. Names are Ho's variable scopes. */
export function unetParams(config: UNetConfig): ParamSpec[] {
  const make = new ParamList(styleOf(config));
  const tembCh = 4 * config.ch;
  if (styleOf(config).labelNetwork) {
    make.add('temb/table/W', [config.numTimesteps!, config.ch], { kind: 'timeTable' });
  }
  make.linear('temb/dense0', [config.ch, tembCh]);
  make.linear('temb/dense1', [tembCh, tembCh]);
  labelParams(config, make);
  for (const stage of planUNet(config)) stageParams(config, stage, make);
  return make.specs;
}

/** Number of trainable floats; 35,746,307 for the CIFAR-10 configuration of Ho et al. */
export function parameterCount(config: UNetConfig): number {
  let count = 0;
  for (const { shape } of unetParams(config)) count += shape.reduce((product, n) => product * n, 1);
  return count;
}

function labelParams(config: UNetConfig, make: ParamList): void {
  if (config.numClasses === 0) return;
  const tembCh = 4 * config.ch;
  const network = styleOf(config).labelNetwork;
  make.add('label_emb/W', [config.numClasses, network ? config.ch : tembCh], { kind: 'normal', stddev: 1 });
  if (!network) return;
  make.linear('label_emb/dense0', [config.ch, tembCh]);
  make.linear('label_emb/dense1', [tembCh, tembCh]);
}

function stageParams(config: UNetConfig, stage: Stage, make: ParamList): void {
  switch (stage.op) {
    case 'conv':
      return make.linear(stage.name, [3, 3, stage.inCh, stage.outCh]);
    case 'resBlock':
      return resBlockParams(config, stage, make);
    case 'attention':
      make.norm(`${stage.name}/norm`, stage.ch);
      for (const part of ['q', 'k', 'v']) make.linear(`${stage.name}/${part}`, [stage.ch, stage.ch]);
      return make.branchEnd(`${stage.name}/proj_out`, [stage.ch, stage.ch]);
    case 'downsample':
      return downsampleParams(config, stage, make);
    case 'upsample':
      return upsampleParams(config, stage, make);
    case 'head':
      make.norm('norm_out', stage.inCh);
      return make.branchEnd('conv_out', [3, 3, stage.inCh, stage.outCh]);
    case 'push':
    case 'pop':
  }
}

function resBlockParams(config: UNetConfig, { name, inCh, outCh }: ResBlockStage, make: ParamList): void {
  const tembCh = 4 * config.ch;
  make.norm(`${name}/norm1`, inCh);
  make.linear(`${name}/conv1`, [3, 3, inCh, outCh]);
  make.linear(`${name}/temb_proj`, [tembCh, config.useScaleShiftNorm ? 2 * outCh : outCh]);
  if (styleOf(config).labelNetwork) make.linear(`${name}/label_proj`, [tembCh, outCh]);
  make.norm(`${name}/norm2`, outCh);
  make.branchEnd(`${name}/conv2`, [3, 3, outCh, outCh]);
  if (inCh !== outCh) make.linear(`${name}/nin_shortcut`, [inCh, outCh]);
}

function downsampleParams(config: UNetConfig, stage: { name: string; ch: number }, make: ParamList): void {
  const { name, ch } = stage;
  if (styleOf(config).downsample === 'convPair') {
    make.linear(`${name}/conv3`, [3, 3, ch, ch]);
    make.linear(`${name}/conv5`, [5, 5, ch, ch]);
  } else if (config.resampWithConv) make.linear(`${name}/conv`, [3, 3, ch, ch]);
}

function upsampleParams(config: UNetConfig, stage: { name: string; ch: number }, make: ParamList): void {
  const { name, ch } = stage;
  const transposed = styleOf(config).upsample === 'transposed';
  if (transposed) make.linear(`${name}/conv_transpose`, [5, 5, ch, ch]);
  if (transposed || config.resampWithConv) make.linear(`${name}/conv`, [3, 3, ch, ch]);
}

/** Collects parameters with the initialisers of a style. */
class ParamList {
  readonly specs: ParamSpec[] = [];
  readonly #style: Style;

  constructor(style: Style) {
    this.#style = style;
  }

  add(name: string, shape: readonly number[], init: Init): void {
    this.specs.push({ name, shape, init });
  }

  norm(name: string, ch: number): void {
    this.add(`${name}/beta`, [ch], { kind: 'zeros' });
    this.add(`${name}/gamma`, [ch], { kind: 'ones' });
  }

  /** A kernel [.., in, out] and its bias. */
  linear(name: string, shape: readonly number[]): void {
    const fanIn = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    const torch = this.#style.init === 'torch';
    this.add(
      `${name}/W`,
      shape,
      torch ? { kind: 'fanInUniform', fanIn } : { kind: 'fanAvgUniform', scale: 1 },
    );
    this.add(`${name}/b`, [shape.at(-1)!], torch ? { kind: 'fanInUniform', fanIn } : { kind: 'zeros' });
  }

  /** The last kernel of a residual branch, which starts (almost) at zero in most styles. */
  branchEnd(name: string, shape: readonly number[]): void {
    if (this.#style.branchInit === 'plain') return this.linear(name, shape);
    const tiny = this.#style.branchInit === 'tiny';
    this.add(`${name}/W`, shape, tiny ? { kind: 'fanAvgUniform', scale: TINY_SCALE } : { kind: 'zeros' });
    this.add(`${name}/b`, [shape.at(-1)!], { kind: 'zeros' });
  }
}
