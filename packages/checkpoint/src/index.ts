export { bucketHash, checkpointDigest, digestOfBuckets, gradientDigest } from './digest.js';
export { emaDecay, emaWeight, updateEma, type EmaStart } from './ema.js';
export { gammaOf, powerDecay, relativeStd, WIDEST_STD } from './averages/profile.js';
export { encodeSafetensors, safetensorsSize, type Tensor, type TensorValues } from './safetensors/encode.js';
export { readSafetensors, readSafetensorsHeader, writeSafetensors } from './safetensors/file.js';
export { type Dtype, type SafetensorsHeader, type TensorHeader } from './safetensors/header.js';
export {
  assertState,
  buffersOf,
  emptyLike,
  type Snapshot,
  type SnapshotMeta,
  type WeightsName,
} from './state.js';
export { openAverages, openStore, type StoreOptions } from './openStore.js';
export { AverageStore, type AveragesInfo } from './averages/store.js';
export { AVERAGE_TYPES, type AverageType } from './averages/dtype.js';
export { MOST_PROFILE_ERROR, SnapshotAverages, type MadeAverage } from './averages/average.js';
export type { CheckpointInfo, FileRecord, Manifest, ManifestHead, Part } from './manifest.js';
export type { Ticket } from './medium.js';
export { startTicks } from './disk/owner.js';
export type { RetentionPolicy } from './retention.js';
export type {
  CheckpointStore,
  Loaded,
  LoadedWeights,
  Published,
  Skipped,
  Verdict,
  WrittenShare,
} from './store.js';
export { AsyncSaver, type SaverOptions } from './asyncSaver.js';
export type { Ownership, PendingSave, Saved, Saver } from './saver.js';
export type { S3Options } from '@ddpm-fleet/s3';
export { diffSnapshots, type SnapshotDifference, type TensorDifference } from './diff.js';
