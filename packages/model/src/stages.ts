import type { UNetConfig } from './config.js';

/**
 * One stage of the UNet. The network is the list of its stages applied in order to the feature map h:
 * `push` puts h on the skip stack hs, `pop` makes h = concat([h, hs.pop()]) along the channels.
 */
export type Stage =
  | { readonly op: 'conv'; readonly name: string; readonly inCh: number; readonly outCh: number }
  | ResBlockStage
  | AttentionStage
  | { readonly op: 'downsample' | 'upsample'; readonly name: string; readonly ch: number }
  | { readonly op: 'push' }
  | { readonly op: 'pop'; readonly inCh: number; readonly skipCh: number }
  | { readonly op: 'head'; readonly inCh: number; readonly outCh: number };

export interface ResBlockStage {
  readonly op: 'resBlock';
  readonly name: string;
  readonly inCh: number;
  readonly outCh: number;
  /** Halves or doubles the size inside the block. */
  readonly resample?: 'down' | 'up';
  /** Which dropout layer of the network its dropout is. */
  readonly dropoutLayer: number;
}

export interface AttentionStage {
  readonly op: 'attention';
  readonly name: string;
  readonly ch: number;
  readonly heads: number;
}

/** Feature size at each level. */
export function levelSizes(config: Pick<UNetConfig, 'imageSize' | 'chMult'>): number[] {
  return config.chMult.map((_, level) => config.imageSize / 2 ** level);
}

/** The stages of the UNet in the order of computation, which is the order of the parameters (ddpm: unet.py `model`). */
export function planUNet(config: UNetConfig): Stage[] {
  const draft = new Draft(config);
  planDown(config, draft);
  planMiddle(draft);
  planUp(config, draft);
  draft.stages.push({ op: 'head', inCh: draft.ch, outCh: config.outChannels });
  if (draft.skips.length > 0) throw new Error(`${draft.skips.length} skip connections are left over`);
  return draft.stages;
}

/** The attention layers in the order of computation: channels and heads of each. */
export function attentionHeads(config: UNetConfig): { ch: number; heads: number }[] {
  return planUNet(config).flatMap((stage) =>
    stage.op === 'attention' ? [{ ch: stage.ch, heads: stage.heads }] : [],
  );
}

function planDown(config: UNetConfig, draft: Draft): void {
  draft.stages.push({ op: 'conv', name: 'conv_in', inCh: config.inChannels, outCh: config.ch });
  draft.ch = config.ch;
  draft.push();
  config.chMult.forEach((mult, level) => {
    for (let block = 0; block < config.numResBlocks; block++) {
      draft.resBlock(`down_${level}/block_${block}`, config.ch * mult);
      if (attends(config, level, 'down')) draft.attention(`down_${level}/attn_${block}`);
      draft.push();
    }
    if (level === config.chMult.length - 1) return;
    draft.resample(`down_${level}/downsample`, 'down');
    draft.push();
  });
}

function planMiddle(draft: Draft): void {
  draft.resBlock('mid/block_1', draft.ch);
  draft.attention('mid/attn_1');
  draft.resBlock('mid/block_2', draft.ch);
}

function planUp(config: UNetConfig, draft: Draft): void {
  for (let level = config.chMult.length - 1; level >= 0; level--) {
    for (let block = 0; block <= config.numResBlocks; block++) {
      draft.pop();
      draft.resBlock(`up_${level}/block_${block}`, config.ch * config.chMult[level]!);
      if (attends(config, level, 'up')) draft.attention(`up_${level}/attn_${block}`);
    }
    if (level > 0) draft.resample(`up_${level}/upsample`, 'up');
  }
}

function attends(config: UNetConfig, level: number, path: 'down' | 'up'): boolean {
  if (config.kind === 'zoubohao-conditional') return path === 'down';
  return config.attnResolutions.includes(levelSizes(config)[level]!);
}

/** A plan being written: the channels of h and of the skip stack as they will be there. */
class Draft {
  readonly stages: Stage[] = [];
  readonly skips: number[] = [];
  ch = 0;
  readonly #config: UNetConfig;
  #dropoutLayers = 0;

  constructor(config: UNetConfig) {
    this.#config = config;
  }

  push(): void {
    this.stages.push({ op: 'push' });
    this.skips.push(this.ch);
  }

  pop(): void {
    const skipCh = this.skips.pop();
    if (skipCh === undefined) throw new Error('the skip stack is empty');
    this.stages.push({ op: 'pop', inCh: this.ch, skipCh });
    this.ch += skipCh;
  }

  resBlock(name: string, outCh: number, resample?: 'down' | 'up'): void {
    const dropoutLayer = this.#dropoutLayers++;
    this.stages.push({
      op: 'resBlock',
      name,
      inCh: this.ch,
      outCh,
      dropoutLayer,
      ...(resample && { resample }),
    });
    this.ch = outCh;
  }

  attention(name: string): void {
    const { numHeads, numHeadChannels } = this.#config;
    const heads = numHeadChannels > 0 ? this.ch / numHeadChannels : numHeads;
    this.stages.push({ op: 'attention', name, ch: this.ch, heads });
  }

  resample(name: string, direction: 'down' | 'up'): void {
    if (this.#config.resblockUpdown) this.resBlock(name, this.ch, direction);
    else this.stages.push({ op: direction === 'down' ? 'downsample' : 'upsample', name, ch: this.ch });
  }
}
