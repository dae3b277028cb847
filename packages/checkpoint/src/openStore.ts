import { resolve } from 'node:path';
import { S3Client, s3Location, type S3Options } from '@ddpm-fleet/s3';
import { nodeFileSystem } from './disk/fileSystem.js';
import { DiskMedium } from './disk/medium.js';
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
export function openStore(location: string, { s3 }: StoreOptions = {}): CheckpointStore {
  const place = s3Location(location);
  if (!place) return new MediumStore(new DiskMedium(resolve(location), nodeFileSystem));
  const client = new S3Client(location, place.bucket, s3);
  return new MediumStore(new S3Medium(location, client, place.key ? `${place.key}/` : ''));
}
