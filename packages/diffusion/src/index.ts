export type { Arithmetic } from './arithmetic/arithmetic.js';
export { device } from './arithmetic/device.js';
export { float64 } from './arithmetic/float64.js';
export { ndArray, type NDArray } from './arithmetic/ndArray.js';
export {
  bpdStep,
  calcBpdLoop,
  priorBpd,
  vbTermsBpd,
  type Bpd,
  type BpdStep,
  type BpdStepArgs,
} from './bound.js';
export type {
  DiffusionConfig,
  LossType,
  ModelMeanType,
  ModelVarType,
  TimestepSamplerName,
} from './config.js';
export { GaussianDiffusion, type GaussianDiffusionOptions } from './gaussian.js';
export { guidedOutput, type Guidance } from './guidance.js';
export { approxStandardNormalCdf, discretizedGaussianLogLikelihood, normalKl } from './likelihood.js';
export { trainingLosses, type TrainingLosses, type TrainingLossesArgs } from './losses.js';
export type { DiffusionModel } from './network.js';
export { offsetNoise } from './noise.js';
export type { Gaussian, ModelGaussian } from './normal.js';
export {
  COEFFICIENTS,
  packCoefficients,
  type CoefficientName,
  type SamplerCoefficients,
} from './samplers/coefficients.js';
export { ddimReverseSample, ddimSample } from './samplers/ddim.js';
export {
  progressSlot,
  pSampleLoop,
  pSampleLoopProgressive,
  pSampleSteps,
  runPlan,
  type LoopArgs,
  type PlanArgs,
  type ReverseStep,
} from './samplers/loop.js';
export {
  encodePlan,
  samplerPlan,
  type SamplerName,
  type SamplerOptions,
  type SamplerPlan,
  type SamplerStep,
} from './samplers/samplerPlan.js';
export { chooseTimesteps, type TimestepSpacing } from './samplers/spacing.js';
export { samplerStep, type StepInputs, type StepResult } from './samplers/step.js';
export {
  interpolate,
  mixLatents,
  pSampleLoopTrajectory,
  type InterpolateArgs,
  type LatentMix,
} from './samplers/trajectory.js';
export { BETA_SCHEDULES, getBetaSchedule, type BetaScheduleName } from './schedule/betaSchedule.js';
export { respace, respacedBetas, spaceTimesteps } from './schedule/respace.js';
export { diffusionTables, type DiffusionTables } from './schedule/tables.js';
export { selfConditioned, type SelfConditionedModel } from './selfConditioning.js';
export { dynamicThreshold, type DynamicThreshold } from './thresholding.js';
export { drawTimesteps, type DrawnTimesteps, type DrawTimestepsArgs } from './timesteps/draw.js';
export {
  drawByProbability,
  emptyLossHistory,
  importanceWeights,
  isWarmedUp,
  timestepProbabilities,
  updateLossHistory,
  type LossHistory,
} from './timesteps/lossSecondMoment.js';
export { stratifiedTimestep, stratumOf } from './timesteps/stratified.js';
export { validateDiffusion } from './validate.js';
export { minSnrWeights } from './weights.js';
