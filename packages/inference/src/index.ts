export { boundModule, BoundMeter, type BoundRequest, type BoundTerms } from './bpd.js';
export {
  Denoiser,
  denoiserModule,
  type DenoiserOptions,
  type Guidance,
  type TrainedModel,
} from './denoiser.js';
export { exportDiffusers, torchTensors } from './export/diffusers.js';
export { exportSafetensors } from './export/safetensors.js';
export { featureModelHash, FeatureModel, RANGES, type FeatureOptions } from './fid/features.js';
export { FRECHET_STEPS, frechetDistance, type FrechetDistance } from './fid/frechet.js';
export { addMoments, momentsOf, type Moments } from './fid/moments.js';
export { readStatistics, statisticsOf, writeStatistics, type FeatureStatistics } from './fid/statistics.js';
export { decodeNpy, encodeNpy, type NpyArray, type NumericArray } from './files/npy.js';
export { encodeNpz, readNpz } from './files/npz.js';
export { importDiffusers, settingsOfDiffusers, type ImportTarget } from './import/diffusers.js';
export { assertOutDirectory } from './export/outDirectory.js';
export { exportCard, writeCard, type ExportFacts } from './export/card.js';
export { exportGraphModel, exportSavedModel, type ExportedGraph } from './export/graph.js';
export type { ExportFormat } from './export/loadingText.js';
export { predictorOf, predictorSpec, type Predictor, type PredictorPort } from './export/predictor.js';
export { drawGrid } from './pictures/drawGrid.js';
export { interpolationLatents, type LatentsRequest } from './interpolate.js';
export { openTask } from './parts/open.js';
export {
  partCount,
  partRange,
  stepCount,
  type BpdTask,
  type ComputePart,
  type DataFeaturesTask,
  type DistanceTask,
  type PartArrays,
  type HeldOutTask,
  type SampleTask,
  type Task,
} from './parts/task.js';
export { ANIMATIONS, animationFile } from './pictures/animation.js';
export { gridCanvas, gridPng, squareColumns, toBytes, type Canvas, type Pictures } from './pictures/grid.js';
export { singleName, writeSingles } from './pictures/singles.js';
export { sample, type ChainState, type SampleRequest } from './sample.js';
