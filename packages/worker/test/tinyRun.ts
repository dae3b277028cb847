import { loadConfig, type RunConfig } from '@ddpm-fleet/config';

/** The smallest run with every kind of block in its UNet. */
export const TINY: readonly string[] = [
  'data.kind=synthetic',
  'data.size=8',
  'data.channels=3',
  'data.heldOut=4',
  'model.ch=32',
  'model.chMult=[1,2]',
  'model.numResBlocks=1',
  'model.attnResolutions=[4]',
  'model.dropout=0.1',
  'batch.numSlots=4',
  'batch.slotBatchSize=2',
  'optimizer.warmupSteps=2',
  'diffusion.numTimesteps=50',
  'log.everySteps=1',
];

export function tinyConfig(set: readonly string[] = []): RunConfig {
  return loadConfig({ set: [...TINY, ...set], env: {} });
}
