export { readBatch, type Batch } from './batch.js';
export { contactSheet, type ContactSheetOptions } from './contactSheet.js';
export { imageBytes, type Dataset, type SkippedImage } from './dataset.js';
export { splitHeldOut, type Split } from './heldOut.js';
export { datasetSheet, inspectDataset, type DatasetFacts } from './inspect.js';
export { openDataset } from './open.js';
export type { OpenOptions } from './options.js';
export { epochOf, samplesAt, slotPosition, type BatchShape } from './plan/index.js';
export { Prefetch, type PrefetchOptions } from './prefetch.js';
