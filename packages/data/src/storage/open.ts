import { s3Location, type S3Options } from '@ddpm-fleet/s3';
import { disk } from './disk.js';
import { S3Storage } from './s3.js';
import type { Storage } from './storage.js';

/**
 * The storage of a `data.path`: s3://bucket/... or the file system.
 * @throws DDPM_ERR_STORE_LOCATION for an address that names neither
 */
export function openStorage(path: string, s3?: S3Options): Storage {
  const location = s3Location(path);
  return location ? new S3Storage(location.bucket, s3) : disk;
}
