import { resolve } from 'node:path';
import { DiskMedium } from './disk/medium.js';
import { nodeFileSystem } from './disk/fileSystem.js';
import { MediumStore } from './mediumStore.js';
import type { CheckpointStore } from './store.js';

/**
 * Opens the checkpoints at a place, without touching it.
 * @param location a directory, which the first publish makes; or s3://bucket/prefix
 */
export function openStore(location: string): CheckpointStore {
  return new MediumStore(new DiskMedium(resolve(location), nodeFileSystem));
}
