export { readBatch, type Batch } from './batch.js';
export { imageBytes, type Dataset, type SkippedImage } from './dataset.js';
export { splitHeldOut, type Split } from './heldOut.js';
export { openDataset, type OpenOptions } from './open.js';
export { epochOf, samplesAt, slotPosition, type BatchShape } from './plan/index.js';
