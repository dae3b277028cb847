import { fleetError } from '@ddpm-fleet/core';

export interface S3Location {
  readonly bucket: string;
  /** Within the bucket; empty, or without a slash at its end. */
  readonly key: string;
}

/**
 * What an s3:// address names; undefined for a path on this machine.
 * @throws DDPM_ERR_STORE_LOCATION for other schemes, and for names that no bucket can have
 */
export function s3Location(location: string): S3Location | undefined {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1];
  if (scheme === undefined) return undefined;
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/s.exec(location) ?? [];
  if (bucket) return { bucket, key: key ?? '' };
  const problem = scheme === 's3' ? 'it names no valid bucket' : `${scheme}:// is not known`;
  throw fleetError('DDPM_ERR_STORE_LOCATION', { location, problem });
}
