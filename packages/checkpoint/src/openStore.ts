import { resolve } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { nodeFileSystem } from './disk/fileSystem.js';
import { DiskMedium } from './disk/medium.js';
import { MediumStore } from './mediumStore.js';
import { S3Client, type S3Options } from './s3/client.js';
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
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1];
  if (scheme === undefined) return new MediumStore(new DiskMedium(resolve(location), nodeFileSystem));
  const [, bucket, prefix] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/.exec(location) ?? [];
  if (!bucket) {
    const problem = scheme === 's3' ? 'it names no valid bucket' : `${scheme}:// is not known`;
    throw fleetError('DDPM_ERR_STORE_LOCATION', { location, problem });
  }
  const client = new S3Client(location, bucket, s3);
  return new MediumStore(new S3Medium(location, client, prefix ? `${prefix}/` : ''));
}
