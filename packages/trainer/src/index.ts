export type { NonFinite } from './nonFinite.js';
export { adamScalars, type AdamScalars } from './optimizer/adam.js';
export { clipFactor } from './optimizer/clip.js';
export { learningRate, type EpochLength } from './optimizer/lrSchedule.js';
export { planTraining, type ImageSpec, type Plan } from './plan.js';
export { trainerModule } from './programs/module.js';
export { Trainer, type PerImage, type ReplayedSlot, type SlotResult } from './trainer.js';
export type { SlotArgs } from './slotInputs.js';
export { diffusionConfigOf, unetConfigOf } from './unetConfig.js';
