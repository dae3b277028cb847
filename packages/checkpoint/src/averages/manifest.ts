import { fleetError } from '@ddpm-fleet/core';
import { assertInside, sealed, unsealed, type ManifestHead } from '../manifest.js';
import type { StoredFile } from '../medium.js';
import type { AverageType } from './dtype.js';

const FORMAT = 'ddpm-fleet averages';
const FORMAT_VERSION = 1;

/** A file of a snapshot: one average. */
export interface AverageFile extends StoredFile {
  readonly relativeStd: number;
}

/** What a snapshot of the power averages is. */
export interface AveragesManifest extends Pick<ManifestHead, 'globalStep' | 'layout' | 'meta'> {
  readonly format: typeof FORMAT;
  readonly formatVersion: number;
  readonly type: AverageType;
  readonly files: readonly AverageFile[];
}

export function encodeAverages(head: Omit<AveragesManifest, 'format' | 'formatVersion'>): Buffer {
  return sealed({ format: FORMAT, formatVersion: FORMAT_VERSION, ...head });
}

/** @throws DDPM_ERR_CHECKPOINT_VERSION for a later format; an Error that says what is wrong with a damaged one */
export function decodeAverages(bytes: Buffer, name: string): AveragesManifest {
  const manifest = unsealed(bytes) as AveragesManifest;
  if (manifest.format !== FORMAT) throw new Error('manifest.json: it is of something else');
  if (manifest.formatVersion !== FORMAT_VERSION) {
    const found = manifest.formatVersion;
    throw fleetError('DDPM_ERR_CHECKPOINT_VERSION', { name, found, supported: FORMAT_VERSION });
  }
  for (const { path } of manifest.files) assertInside(path);
  return manifest;
}
