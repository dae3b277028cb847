import { fleetError } from '@ddpm-fleet/core';
import { styleOf, type UNetConfig } from './config.js';
import { levelSizes, planUNet } from './stages.js';

/**
 * Refuses what the UNet cannot be.
 * @throws DDPM_ERR_MODEL_SIZE when the images cannot be halved often enough, naming the sizes and levels that work
 * @throws DDPM_ERR_MODEL_CONFIG naming the setting, what it must be, and a value that works
 */
export function validateUNetConfig(config: UNetConfig): void {
  checkCounts(config);
  checkSize(config);
  checkEmbedding(config);
  checkAttention(config);
  checkGroups(config);
  checkVariant(config);
}

const COUNTS = [
  'imageSize',
  'inChannels',
  'outChannels',
  'ch',
  'numResBlocks',
  'numGroups',
  'numHeads',
] as const;

function checkCounts(config: UNetConfig): void {
  for (const key of COUNTS) {
    if (!Number.isInteger(config[key]) || config[key] < 1)
      refuse(key, 'must be a positive integer', config[key]);
  }
  if (!(config.dropout >= 0 && config.dropout < 1)) refuse('dropout', 'must be in [0, 1)', config.dropout);
  if (config.chMult.length === 0)
    refuse('chMult', 'needs a number for each level', '[]', 'The usual is [1, 2, 2, 2].');
  for (const mult of config.chMult) {
    const whole = Number.isInteger(config.ch * mult) && mult > 0;
    if (!whole) refuse('chMult', `times ch (${config.ch}) must be positive integers`, mult);
  }
}

function checkSize({ imageSize, chMult }: UNetConfig): void {
  const levels = chMult.length;
  const multiple = 2 ** (levels - 1);
  if (imageSize % multiple === 0) return;
  let most = 1;
  while (imageSize % 2 ** most === 0) most++;
  const near = Math.floor(imageSize / multiple) * multiple;
  throw fleetError('DDPM_ERR_MODEL_SIZE', {
    size: imageSize,
    times: levels - 1,
    levels,
    multiple,
    near: near > 0 ? `${near} or ${near + multiple}` : `${multiple} or ${2 * multiple}`,
    most,
    sizes: levelSizes({ imageSize, chMult: Array<number>(most).fill(1) }).join(', '),
  });
}

function checkEmbedding(config: UNetConfig): void {
  const least = styleOf(config).embedding === 'sinCos' ? 4 : 2;
  if (config.ch < least)
    refuse('ch', `is also the width of the time embedding and must be at least ${least}`, config.ch);
  const odd = styleOf(config).embedding === 'interleaved' && config.ch % 2 !== 0;
  if (odd) refuse('ch', 'must be even for an interleaved time embedding', config.ch);
}

function checkAttention(config: UNetConfig): void {
  const sizes = levelSizes(config);
  for (const size of config.attnResolutions) {
    if (sizes.includes(size) || config.kind === 'zoubohao-conditional') continue;
    const remedy = 'With [] there is attention in the middle only.';
    refuse(
      'attnResolutions',
      `must be feature sizes that the levels have (${sizes.join(', ')})`,
      size,
      remedy,
    );
  }
  for (const stage of planUNet(config)) {
    if (stage.op !== 'attention' || (Number.isInteger(stage.heads) && stage.ch % stage.heads === 0)) continue;
    const key = config.numHeadChannels > 0 ? 'numHeadChannels' : 'numHeads';
    refuse(key, `must divide the ${stage.ch} channels of ${stage.name}`, config[key]);
  }
}

function checkGroups(config: UNetConfig): void {
  for (const stage of planUNet(config)) {
    const norms =
      stage.op === 'resBlock'
        ? [stage.inCh, stage.outCh]
        : stage.op === 'head'
          ? [stage.inCh]
          : stage.op === 'attention'
            ? [stage.ch]
            : [];
    const bad = norms.find((channels) => channels % config.numGroups !== 0);
    if (bad === undefined) continue;
    const place = 'name' in stage ? stage.name : 'norm_out';
    const works = [32, 16, 8, 4, 2, 1].find((groups) => bad % groups === 0 && config.ch % groups === 0);
    refuse(
      'numGroups',
      `must divide the ${bad} channels of ${place}`,
      config.numGroups,
      `${works} works, or change ch.`,
    );
  }
}

function checkVariant(config: UNetConfig): void {
  const { kind } = config;
  if (!Number.isInteger(config.numClasses) || config.numClasses < 0) {
    refuse('numClasses', 'must be an integer of at least 0', config.numClasses);
  }
  if (kind === 'zoubohao' && config.numClasses > 0) {
    refuse(
      'numClasses',
      'must be 0 for kind zoubohao',
      config.numClasses,
      'Its conditional version is kind zoubohao-conditional.',
    );
  }
  if (!kind.startsWith('zoubohao')) return;
  if (config.useScaleShiftNorm) refuse('useScaleShiftNorm', `does not exist in kind ${kind}`, true);
  if (config.resblockUpdown) refuse('resblockUpdown', `does not exist in kind ${kind}`, true);
  if (!config.resampWithConv) refuse('resampWithConv', `must be true for kind ${kind}`, false);
  if (kind === 'zoubohao') return;
  if (config.numClasses === 0) refuse('numClasses', `must be at least 1 for kind ${kind}`, 0);
  if (!config.numTimesteps) refuse('numTimesteps', `must be given for kind ${kind}`, config.numTimesteps);
}

function refuse(key: string, must: string, value: unknown, remedy = ''): never {
  throw fleetError('DDPM_ERR_MODEL_CONFIG', { key, must, value: String(value), remedy });
}
