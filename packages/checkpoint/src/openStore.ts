import { resolve } from 'node:path';
import { S3Client, s3Location, type S3Options } from '@ddpm-fleet/s3';
import { nodeFileSystem } from './disk/fileSystem.js';
import { DiskMedium } from './disk/medium.js';
import { AverageStore } from './averages/store.js';
import type { Medium } from './medium.js';
import { MediumStore } from './mediumStore.js';
import { S3Medium } from './s3/medium.js';
import type { CheckpointStore } from './store.js';

export interface StoreOptions {
  /** Patience with a service that cannot be reached. */
  readonly s3?: S3Options;
}

/**
 * Opens the checkpoints at a place, without touching it.
 * @param location a directory, which the first publish makes; or s3://bucket/prefix, with credentials, region and
 *   endpoint from the environment and files that the AWS tools use
 * @throws DDPM_ERR_STORE_LOCATION
 */
export function openStore(location: string, options: StoreOptions = {}): CheckpointStore {
  return new MediumStore(openMedium(location, options));
}

/**
 * Opens the snapshots of averages that belong to the checkpoints at a place: they lie below it.
 * @param location as `openStore` takes it @throws DDPM_ERR_STORE_LOCATION
 */
export function openAverages(location: string, options: StoreOptions = {}): AverageStore {
  return new AverageStore(openMedium(`${location.replace(/\/+$/, '')}/${AVERAGES}`, options));
}

/** Name of the place below that of the checkpoints. */
const AVERAGES = 'averages';

function openMedium(location: string, { s3 }: StoreOptions): Medium {
  const place = s3Location(location);
  if (!place) return new DiskMedium(resolve(location), nodeFileSystem);
  const client = new S3Client(location, place.bucket, s3);
  return new S3Medium(location, client, place.key ? `${place.key}/` : '');
}
