import type { DataConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { locateEmoji } from './readers/emoji.js';
import { locateIdx } from './readers/idx.js';
import { locateSynthetic } from './readers/synthetic.js';
import type { Source } from './reader.js';

/** Finds the files of `data.kind` at `data.path`; the one place where kinds are named. */
export function locate(config: DataConfig): Promise<Source> {
  switch (config.kind) {
    case 'emoji':
      return locateEmoji({ category: config.category, size: config.size });
    case 'synthetic':
      return locateSynthetic(config.size, config.channels);
    case 'idx':
      return locateIdx(pathOf(config, 'a directory of MNIST files, or one IDX file of images'), config.split);
    default:
      throw fleetError('DDPM_ERR_DATA_PATH', { kind: config.kind, what: 'a reader that is not there yet' });
  }
}

/** @throws DDPM_ERR_DATA_PATH when it is empty */
function pathOf({ kind, path }: DataConfig, what: string): string {
  if (path === '') throw fleetError('DDPM_ERR_DATA_PATH', { kind, what });
  return path;
}
