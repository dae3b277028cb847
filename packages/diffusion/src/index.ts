export { type Arithmetic } from './arithmetic/arithmetic.js';
export { device } from './arithmetic/device.js';
export { float64 } from './arithmetic/float64.js';
export { ndArray, type NDArray } from './arithmetic/ndArray.js';
export { vbTermsBpd } from './bound.js';
export type {
  DiffusionConfig,
  LossType,
  ModelMeanType,
  ModelVarType,
  TimestepSamplerName,
} from './config.js';
export {
  GaussianDiffusion,
  type Gaussian,
  type GaussianDiffusionOptions,
  type ModelGaussian,
} from './gaussian.js';
export { approxStandardNormalCdf, discretizedGaussianLogLikelihood, normalKl } from './likelihood.js';
export {
  trainingLosses,
  type DiffusionModel,
  type TrainingLosses,
  type TrainingLossesArgs,
} from './losses.js';
export { BETA_SCHEDULES, getBetaSchedule, type BetaScheduleName } from './schedule/betaSchedule.js';
export { diffusionTables, type DiffusionTables } from './schedule/tables.js';
export { validateDiffusion } from './validate.js';
export { minSnrWeights } from './weights.js';
