/**
 * A resolved run. Every leaf is marked in `schema.ts` as `identity` (it shapes the weights; changing it is another
 * run) or `operational` (it does not). Frozen once loaded.
 */
export interface RunConfig {
  /** Human name, used for runs/<name>. operational */
  readonly name: string;
  /** uint32; 0 is a seed like any other. */
  readonly seed: number;
  readonly data: DataConfig;
  readonly model: ModelConfig;
  readonly diffusion: DiffusionConfig;
  readonly optimizer: OptimizerConfig;
  readonly ema: EmaConfig;
  readonly batch: BatchConfig;
  readonly engine: EngineConfig;
  readonly train: TrainConfig;
  readonly fleet: FleetConfig;
  readonly checkpoint: CheckpointConfig;
  readonly samples: SamplesConfig;
  readonly log: LogConfig;
}

export interface DataConfig {
  readonly kind: 'emoji' | 'idx' | 'cifar10' | 'imageFolder' | 'webdataset' | 'parquet' | 'synthetic';
  /** File, directory or URL the reader opens; empty for `emoji`, which ships with the project. operational */
  readonly path: string;
  /** Images are size x size after resize; 0 keeps the files' own size (which must be one and square). */
  readonly size: number;
  /** `emoji` only: keep one category, e.g. 'Smileys & Emotion'; empty keeps all. */
  readonly category: string;
  /** `train`, `validation`, `test`, several joined by +, a set's own name for one, `all`, or `none`: names are no splits. */
  readonly split: string;
  /** Channels after decoding: 1 grey, 3 colour. */
  readonly channels: number;
  readonly resizeFilter: 'lanczos3' | 'area' | 'cubic' | 'nearest';
  readonly onBadImage: 'refuse' | 'skip';
  /** Random left-right flips, a coin per stream position. */
  readonly flip: boolean;
  /** Images taken from the end of index order for the held-out loss; never trained on. */
  readonly heldOut: number;
}

export interface ModelConfig {
  readonly kind: 'ho' | 'improved' | 'zoubohao' | 'zoubohao-conditional';
  /** Base width. */
  readonly ch: number;
  readonly chMult: readonly number[];
  readonly numResBlocks: number;
  /** Feature sizes (pixels) at which attention runs. */
  readonly attnResolutions: readonly number[];
  readonly dropout: number;
  readonly numGroups: number;
  readonly resampWithConv: boolean;
  /** 0: unconditional; AUTO_CLASSES until the data say how many there are. */
  readonly numClasses: number;
  readonly numHeads: number;
  /** Channels a head; 0: `numHeads` decides. */
  readonly numHeadChannels: number;
  readonly useScaleShiftNorm: boolean;
  readonly resblockUpdown: boolean;
}

export interface DiffusionConfig {
  readonly numTimesteps: number;
  readonly betaSchedule: 'linear' | 'quad' | 'warmup10' | 'warmup50' | 'const' | 'jsd' | 'cosine' | 'sigmoid';
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly modelMeanType: 'eps' | 'xStart' | 'xPrev' | 'v';
  readonly modelVarType: 'fixedSmall' | 'fixedLarge' | 'learned' | 'learnedRange';
  readonly lossType: 'mse' | 'kl' | 'hybrid' | 'rescaledMse' | 'rescaledKl';
  readonly rescaleTimesteps: boolean;
  readonly timestepSampler: 'uniform' | 'stratified' | 'lossSecondMoment';
  readonly minSnrGamma: number;
  readonly offsetNoise: number;
  readonly selfConditioning: boolean;
  /** Chance that an image's label is dropped, for classifier-free guidance. */
  readonly labelDropProb: number;
}

export interface OptimizerConfig {
  readonly kind: 'adam' | 'adamw';
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Where epsilon stands: `tf1` beside sqrt(v) before bias correction (Ho et al.), `pytorch` after it. */
  readonly epsilonForm: 'tf1' | 'pytorch';
  readonly weightDecay: number;
  readonly gradClip: 'mean' | 'slot' | 'none';
  readonly gradClipNorm: number;
  readonly warmupSteps: number;
  readonly lrSchedule: 'constant' | 'cosine' | 'linear' | 'warmupCosineEpochs';
  /** Steps until the schedule ends (cosine, linear); `train.steps` never changes it. */
  readonly scheduleSteps: number;
  /** warmupCosineEpochs (zoubohao): peak over base, warm-up epochs, all epochs. */
  readonly warmupMultiplier: number;
  readonly warmupEpochs: number;
  readonly scheduleEpochs: number;
}

export interface EmaConfig {
  readonly decays: readonly number[];
  /** The same in images, converted for the batch; empty: decays are given as such. operational */
  readonly halfLifeImages: readonly number[];
  /** `copyFirst`: the first update copies (Ho et al.); `warmup`, `ramp`: the warm-ups of diffusers. */
  readonly start: 'copyFirst' | 'warmup' | 'ramp';
  readonly warmupPower: number;
  readonly warmupInvGamma: number;
  /** Relative standard deviations of power-function averages; see `checkpoint/src/averages`. */
  readonly power: readonly number[];
  /** Steps between snapshots of the power averages; 0: none. operational */
  readonly snapshotEvery: number;
  readonly snapshotType: 'float32' | 'bfloat16' | 'float16';
}

/** Resolved: globalBatchSize = numSlots x slotBatchSize. */
export interface BatchConfig {
  readonly globalBatchSize: number;
  readonly numSlots: number;
  readonly slotBatchSize: number;
}

export interface EngineConfig {
  readonly kind: 'auto' | 'tensorflow' | 'wasm';
  /** Run steps as one compiled graph (tensorflow) rather than op by op. */
  readonly compiled: boolean;
  readonly precision: 'float32' | 'bfloat16';
  /** Intra-op threads a worker on a CPU. */
  readonly threads: number;
}

export interface TrainConfig {
  /** Stop when globalStep is this; a total. operational */
  readonly steps: number;
  readonly onNonFinite: 'stop' | 'skip';
  readonly maxNonFinite: number;
}

export interface FleetConfig {
  /** All operational but wireDtype. */
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly stragglerFactor: number;
  readonly maxRestarts: number;
  readonly maxBackoffMs: number;
  readonly graceSeconds: number;
  readonly fingerprintEvery: number;
  readonly digestEvery: number;
  readonly wireDtype: 'float32' | 'bfloat16';
  readonly sharedMemory: boolean;
  readonly bucketBytes: number;
  readonly bind: string;
}

export interface CheckpointConfig {
  readonly everySteps: number;
  readonly everySeconds: number;
  readonly keepLast: number;
  /** Keep every checkpoint whose step is a multiple of this for ever; 0: none. */
  readonly keepEvery: number;
  readonly keepBest: number;
  /** Empty: <run>/checkpoints; or a directory, or s3://bucket/prefix. */
  readonly store: string;
  /** Workers that write a checkpoint together, straight to the store; 0: the coordinator writes it. */
  readonly writers: number;
}

export interface SamplesConfig {
  readonly everySteps: number;
  readonly count: number;
  readonly sampler: 'ddpm' | 'ddim' | 'dpmSolver';
  readonly sampleSteps: number;
  readonly clip: 'everyStep' | 'imageOnly' | 'atEnd' | 'never';
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly everySteps: number;
  readonly heldOutEvery: number;
  readonly metricsPort: number;
  readonly tensorboard: boolean;
}
