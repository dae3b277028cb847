import type { DataConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { locateCifar10 } from './readers/cifar10.js';
import { locateEmoji } from './readers/emoji.js';
import { locateIdx } from './readers/idx.js';
import { locateImageFolder } from './readers/imageFolder.js';
import { locateParquet } from './readers/parquet/parquet.js';
import { locateSynthetic } from './readers/synthetic.js';
import { locateWebdataset } from './readers/webdataset.js';
import type { Source } from './reader.js';
import { takeSplit, wantedSplits } from './splits.js';
import type { Storage } from './storage/storage.js';

/** Finds the files of `data.kind` at `data.path`; the one place where kinds are named. */
export async function locate(config: DataConfig, storage: Storage): Promise<Source> {
  switch (config.kind) {
    case 'emoji':
      takeSplit(config.kind, [{}], wantedSplits(config.split));
      return locateEmoji({ category: config.category, size: config.size });
    case 'synthetic':
      takeSplit(config.kind, [{}], wantedSplits(config.split));
      return locateSynthetic(config.size, config.channels);
    case 'idx':
      return locateIdx(
        storage,
        pathOf(config, 'a directory of MNIST files, or one IDX file of images'),
        config.split,
      );
    case 'cifar10':
      return locateCifar10(storage, pathOf(config, 'the directory with data_batch_1.bin'), config.split);
    case 'imageFolder':
      return locateImageFolder(storage, pathOf(config, 'a directory of pictures'), config);
    case 'webdataset':
      return locateWebdataset(
        storage,
        pathOf(config, 'a directory of .tar shards, or a pattern of them'),
        config.split,
      );
    case 'parquet':
      return locateParquet(storage, pathOf(config, 'a directory of .parquet files, or one'), config.split);
  }
}

/** @throws DDPM_ERR_DATA_PATH when it is empty */
function pathOf({ kind, path }: DataConfig, what: string): string {
  if (path === '') throw fleetError('DDPM_ERR_DATA_PATH', { kind, what });
  return path;
}
