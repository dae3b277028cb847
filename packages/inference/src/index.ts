export { Denoiser, type DenoiserOptions, type Guidance, type TrainedModel } from './denoiser.js';
export { encodeNpy } from './npy.js';
export { gridPng, squareColumns, toBytes, type Pictures } from './pictures/grid.js';
export { sample, type SampleRequest } from './sample.js';
export { exportSafetensors } from './export/safetensors.js';
export { exportDiffusers, torchTensors } from './export/diffusers.js';
export { importDiffusers, type ImportTarget } from './import/diffusers.js';
