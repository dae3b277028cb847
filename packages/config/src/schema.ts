import type { Schema } from 'convict';
import { identity, laterIdentity, operational, type Leaf } from './leaf.js';
import type { RunConfig } from './types.js';

type Tree<T> = {
  [K in keyof T]-?: T[K] extends readonly unknown[] | string | number | boolean ? Leaf : Tree<T[K]>;
};

/**
 * Every setting: what it is, what it may be, its default, and whether it is part of a run's identity.
 * The environment variable of `a.b` is DDPM_A_B (camel case split: `data.heldOut` is DDPM_DATA_HELD_OUT).
 */
const tree = {
  name: operational(
    'run',
    'name',
    'Name of the run; its directory is runs/<name> unless --run-dir is given.',
  ),
  seed: identity(0, 'uint32', 'Seed of every random number of the run; 0 is a seed like any other.'),
  data: {
    kind: identity(
      'emoji',
      ['emoji', 'idx', 'cifar10', 'imageFolder', 'webdataset', 'parquet', 'synthetic'],
      'What the images are stored as.',
    ),
    path: operational(
      '',
      'text',
      'File or directory of the images, here or as s3://bucket/...; not used by emoji and synthetic.',
    ),
    size: identity(0, 'count', 'Images become size x size pixels; 0 keeps their own (square) size.'),
    category: identity('', 'text', "emoji: keep one category, e.g. 'Smileys & Emotion'; empty keeps all."),
    split: identity(
      'train',
      'split',
      'Part of a data set that has parts: train, validation, test, train+validation, all; none: names of folders are no parts.',
    ),
    channels: identity(3, ['1', '3'], 'Channels after decoding: 1 grey, 3 colour.'),
    resizeFilter: identity('area', ['lanczos3', 'area', 'cubic', 'nearest'], 'Filter of the resize.'),
    onBadImage: identity('refuse', ['refuse', 'skip'], 'What to do with an image that cannot be read.'),
    flip: identity(true, 'boolean', 'Flip images left-right at random, a coin per stream position.'),
    heldOut: identity(64, 'count', 'Images held out, from the end of index order, for the held-out loss.'),
  },
  model: {
    kind: identity(
      'ho',
      ['ho', 'improved', 'zoubohao', 'zoubohao-conditional'],
      'UNet family: Ho et al. 2020, improved-diffusion, or the two of the PyTorch walk-through.',
    ),
    ch: identity(128, 'positive', 'Base width in channels.'),
    chMult: identity([1, 2, 2, 2], 'positiveList', 'Width of each level in units of ch; one level a number.'),
    numResBlocks: identity(2, 'positive', 'Residual blocks a level.'),
    attnResolutions: identity([16], 'positiveList', 'Feature sizes in pixels at which attention runs.'),
    dropout: identity(0.1, 'fraction', 'Dropout in the residual blocks while training.'),
    numGroups: identity(32, 'positive', 'Groups of GroupNorm.'),
    resampWithConv: identity(true, 'boolean', 'Resample with a convolution; false: pooling and repetition.'),
    numClasses: identity(
      0,
      'countOrAuto',
      'Classes for conditioning; 0: unconditional; auto: as many as the data have.',
    ),
    numHeads: identity(1, 'positive', 'Attention heads.'),
    numHeadChannels: identity(0, 'count', 'Channels of an attention head; 0: numHeads decides.'),
    useScaleShiftNorm: identity(false, 'boolean', 'The time embedding scales and shifts the second norm.'),
    resblockUpdown: identity(false, 'boolean', 'Resample inside residual blocks.'),
  },
  diffusion: {
    numTimesteps: identity(1000, 'positive', 'T, the number of diffusion steps.'),
    betaSchedule: identity(
      'linear',
      ['linear', 'quad', 'warmup10', 'warmup50', 'const', 'jsd', 'cosine', 'sigmoid'],
      'Schedule of the noise variances beta_t.',
    ),
    betaStart: identity(1e-4, 'fraction', 'beta at t = 0.'),
    betaEnd: identity(0.02, 'fraction', 'beta at t = T - 1.'),
    modelMeanType: identity('eps', ['eps', 'xStart', 'xPrev', 'v'], 'What the network predicts.'),
    modelVarType: identity(
      'fixedLarge',
      ['fixedSmall', 'fixedLarge', 'learned', 'learnedRange'],
      'Variance of p(x_{t-1} | x_t).',
    ),
    lossType: identity('mse', ['mse', 'kl', 'hybrid', 'rescaledMse', 'rescaledKl'], 'Training loss.'),
    rescaleTimesteps: identity(false, 'boolean', 'Show the network t * 1000 / T.'),
    timestepSampler: identity('uniform', ['uniform', 'stratified', 'lossSecondMoment'], 'How t is drawn.'),
    minSnrGamma: identity(0, 'nonNegative', 'gamma of the min-SNR loss weight; 0: off.'),
    offsetNoise: identity(0, 'nonNegative', 'Strength of the noise that is one number a channel; 0: off.'),
    selfConditioning: identity(false, 'boolean', 'Show the network its own estimate of x_0.'),
    labelDropProb: identity(0, 'fraction', 'Chance to drop an image’s label, for classifier-free guidance.'),
  },
  optimizer: {
    kind: identity('adam', ['adam', 'adamw'], 'Optimizer.'),
    lr: identity(2e-4, 'positiveNumber', 'Learning rate after warm-up.'),
    beta1: identity(0.9, 'fraction', 'Decay of the first moment.'),
    beta2: identity(0.999, 'fraction', 'Decay of the second moment.'),
    epsilon: identity(1e-8, 'positiveNumber', 'epsilon of Adam.'),
    epsilonForm: identity(
      'tf1',
      ['tf1', 'pytorch'],
      'tf1: beside sqrt(v) before bias correction (Ho et al.); pytorch: after it.',
    ),
    weightDecay: identity(0, 'nonNegative', 'Weight decay of adamw.'),
    gradClip: identity(
      'mean',
      ['mean', 'slot', 'none'],
      'mean: clip the averaged gradient; slot: each slot’s mean gradient, as Ho et al. ran; none.',
    ),
    gradClipNorm: identity(1, 'positiveNumber', 'Global norm to clip to.'),
    warmupSteps: identity(5000, 'count', 'Steps of linear warm-up; the first step of a warm-up has lr 0.'),
    lrSchedule: identity(
      'constant',
      ['constant', 'cosine', 'linear', 'warmupCosineEpochs'],
      'Learning rate after the warm-up.',
    ),
    scheduleSteps: identity(0, 'count', 'Step at which cosine and linear schedules end.'),
    warmupMultiplier: identity(2, 'positiveNumber', 'warmupCosineEpochs: peak over base learning rate.'),
    warmupEpochs: identity(20, 'count', 'warmupCosineEpochs: epochs of warm-up.'),
    scheduleEpochs: identity(200, 'count', 'warmupCosineEpochs: epochs in all.'),
  },
  ema: {
    decays: identity([0.9999], 'decayList', 'Decays of the weight averages; the first is the one exported.'),
    halfLifeImages: operational(
      [],
      'positiveNumberList',
      'Images after which an average has half forgotten, in place of ema.decays: the same whatever the batch.',
    ),
    start: identity(
      'copyFirst',
      ['copyFirst', 'warmup', 'ramp'],
      'copyFirst: the first update copies; warmup: 1 - (1 + k / invGamma)^-power; ramp: (1 + k) / (10 + k).',
    ),
    warmupPower: identity(0.75, 'positiveNumber', 'warmup: power of its rise.'),
    warmupInvGamma: identity(1, 'positiveNumber', 'warmup: inverse gamma of its rise.'),
    power: laterIdentity(
      [],
      'widthList',
      'Widths of power-function averages, standard deviation over steps so far, e.g. [0.05, 0.1]; others are made of their snapshots afterwards.',
    ),
    snapshotEvery: operational(
      0,
      'count',
      'Steps between snapshots of the power averages, besides the last; 0: none at all.',
    ),
    snapshotType: operational(
      'float32',
      ['float32', 'bfloat16', 'float16'],
      'What snapshots are rounded to: half the bytes, and an error of up to 1 in 256 of a weight (bfloat16) or 1 in 2048 (float16).',
    ),
  },
  batch: {
    globalBatchSize: identity(0, 'count', 'Images a step; 0: numSlots x slotBatchSize.'),
    numSlots: identity(8, 'positive', 'Slots a step: the logical replicas, whatever the number of workers.'),
    slotBatchSize: identity(0, 'count', 'Images a slot; 0: globalBatchSize / numSlots.'),
  },
  engine: {
    kind: identity(
      'auto',
      ['auto', 'tensorflow', 'wasm'],
      'auto: tensorflow where it is installed, else wasm.',
    ),
    compiled: identity(true, 'boolean', 'Run the step as one compiled graph (tensorflow only).'),
    precision: identity('float32', ['float32', 'bfloat16'], 'Precision of convolutions and matmuls.'),
    threads: identity(1, 'positive', 'Threads a worker computes with on a CPU.'),
  },
  train: {
    steps: operational(800000, 'positive', 'Stop when globalStep is this (a total).'),
    onNonFinite: identity('stop', ['stop', 'skip'], 'What a NaN or infinity in loss or gradient does.'),
    maxNonFinite: identity(100, 'count', 'skip: stop after this many.'),
  },
  fleet: {
    minWorkers: operational(1, 'positive', 'Below this many workers the run waits.'),
    maxWorkers: operational(64, 'positive', 'No more workers than this are let in.'),
    heartbeatMs: operational(250, 'positive', 'Milliseconds between heartbeats.'),
    livenessMs: operational(1500, 'positive', 'A worker that is silent this long is lost.'),
    stragglerFactor: operational(
      4,
      'positiveNumber',
      'Slots are leased again after this many times the usual time.',
    ),
    maxRestarts: operational(
      10,
      'count',
      'How often in a row the launcher starts a process again; one that lived 20 seconds counts anew.',
    ),
    maxBackoffMs: operational(30_000, 'count', 'Longest wait before a process is started again.'),
    graceSeconds: operational(30, 'positive', 'Seconds a run may take to checkpoint and leave.'),
    fingerprintEvery: operational(100, 'count', 'Steps between comparisons of the replicas; 0: never.'),
    digestEvery: operational(1, 'count', 'Steps between gradient digests in the journal; 0: never.'),
    wireDtype: identity('float32', ['float32', 'bfloat16'], 'What gradients are rounded to on the wire.'),
    sharedMemory: operational(
      true,
      'boolean',
      'Whether workers on the coordinator’s host put gradients into memory that both share.',
    ),
    bucketBytes: identity(1 << 20, 'bucket', 'Bytes of a bucket of gradients; a multiple of 4.'),
    bind: operational('127.0.0.1', 'text', 'Address the coordinator listens on.'),
  },
  checkpoint: {
    everySteps: operational(
      1000,
      'count',
      'Steps between checkpoints, of those at which none is being written still; 0: by time only.',
    ),
    everySeconds: operational(1600, 'count', 'Seconds between checkpoints; 0: by steps only.'),
    keepLast: operational(3, 'positive', 'Newest checkpoints kept.'),
    keepEvery: operational(0, 'count', 'Keep for ever those whose step is a multiple of this; 0: none.'),
    keepBest: operational(0, 'count', 'Keep this many with the lowest held-out loss.'),
    store: operational('', 'text', 'Where: empty for <run>/checkpoints, a directory, or s3://bucket/prefix.'),
    writers: operational(
      0,
      'count',
      'Workers that write a checkpoint together, each a share, to a store that all reach; 0: the coordinator.',
    ),
  },
  samples: {
    everySteps: operational(
      0,
      'count',
      'Steps between sample grids, each of a checkpoint of its own: of that step, or where one was being written still, right after it; 0: none.',
    ),
    count: operational(64, 'positive', 'Images in a grid.'),
    sampler: operational('ddim', ['ddpm', 'ddim', 'dpmSolver'], 'Sampler of the grids.'),
    sampleSteps: operational(50, 'positive', 'Steps of the sampler.'),
    clip: operational(
      'everyStep',
      ['everyStep', 'imageOnly', 'atEnd', 'never'],
      'When the predicted image is clamped; also what the command sample does unless told otherwise.',
    ),
  },
  log: {
    level: operational('info', ['debug', 'info', 'warn', 'error'], 'What is logged.'),
    everySteps: operational(10, 'positive', 'Steps between lines of progress.'),
    heldOutEvery: operational(100, 'count', 'Steps between held-out losses; 0: never.'),
    metricsPort: operational(
      0,
      'port',
      'Port on 127.0.0.1 of the coordinator’s host where Prometheus finds /metrics; 0: none.',
    ),
    tensorboard: operational(true, 'boolean', 'Whether <run>/tensorboard is written.'),
  },
} satisfies Tree<RunConfig>;

/** Environment variable of a setting: `data.heldOut` -> DDPM_DATA_HELD_OUT. */
export function envName(path: string): string {
  return `DDPM_${path
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** Settings in the order of the schema: `data.size` -> its leaf. */
export const LEAVES: ReadonlyMap<string, Leaf> = new Map(flatten(tree, ''));

function flatten(node: object, prefix: string): [string, Leaf][] {
  return Object.entries(node).flatMap(([key, value]: [string, Leaf | object]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    return 'doc' in value ? [[path, value as Leaf]] : flatten(value, path);
  });
}

/** The schema as convict reads it. */
export function convictSchema(): Schema<RunConfig> {
  const schema: Record<string, unknown> = {};
  for (const [path, leaf] of LEAVES) {
    const keys = path.split('.');
    let at = schema;
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1)!] = { doc: leaf.doc, format: leaf.format, default: leaf.default, env: envName(path) };
  }
  return schema as unknown as Schema<RunConfig>;
}
