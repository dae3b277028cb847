/** Settings that make a run of a second or so a step: the smallest UNet that has every kind of block. */
export const TINY: readonly string[] = [
  'data.kind=synthetic',
  'data.size=8',
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
  'log.heldOutEvery=5',
].flatMap((pair) => ['--set', pair]);
