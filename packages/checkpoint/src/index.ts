export { bucketHash, checkpointDigest, digestOfBuckets, gradientDigest } from './digest.js';
export { emaDecay, emaWeight, updateEma, type EmaStart } from './ema.js';
export { encodeSafetensors, safetensorsSize, type Tensor, type TensorValues } from './safetensors/encode.js';
export { readSafetensors, readSafetensorsHeader, writeSafetensors } from './safetensors/file.js';
export { type Dtype, type SafetensorsHeader, type TensorHeader } from './safetensors/header.js';
export {
  assertState,
  buffersOf,
  emptyLike,
  type Snapshot,
  type SnapshotMeta,
  type TrainState,
  type WeightsName,
} from './state.js';
