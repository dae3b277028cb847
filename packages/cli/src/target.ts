import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openStore, type CheckpointStore } from '@ddpm-fleet/checkpoint';
import { checkpointLocation, loadConfig, runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';

/** What RUN or RUN|CHECKPOINT on a command line names. */
export interface Target {
  readonly store: CheckpointStore;
  readonly which: number | 'newest';
  /** Absent where a bare store was named. */
  readonly runDir?: string;
}

const STEP_NAME = /^step-(\d{8,})$/;

/**
 * The directory of a run: a path, or the name of one below runs/.
 * @throws DDPM_ERR_RUN_MISSING saying where it was looked for
 */
export function findRun(text: string): string {
  const places = text === '' ? [] : [resolve(text), resolve('runs', text)];
  const found = places.find((dir) => existsSync(runPaths(dir).record));
  if (!found)
    throw fleetError('DDPM_ERR_RUN_MISSING', {
      text: text || "''",
      places: places.join(' and ') || 'nowhere',
    });
  return found;
}

/**
 * A run, one of its checkpoints, or a store of checkpoints (s3://bucket/prefix).
 * @throws DDPM_ERR_RUN_MISSING, DDPM_ERR_CHECKPOINT_PATH
 */
export function findTarget(text: string): Target {
  const step = STEP_NAME.exec(basename(text))?.[1];
  if (step !== undefined) return findCheckpoint(text, Number(step));
  if (text.startsWith('s3://')) return { store: openStore(text), which: 'newest' };
  const runDir = findRun(text);
  return { store: openStore(storeOf(runDir)), which: 'newest', runDir };
}

function findCheckpoint(text: string, step: number): Target {
  const place = dirname(text);
  if (!text.startsWith('s3://') && !isDirectory(text))
    throw fleetError('DDPM_ERR_CHECKPOINT_PATH', { path: text });
  const runDir = dirname(resolve(place));
  const ofRun = !place.startsWith('s3:') && existsSync(runPaths(runDir).record);
  return { store: openStore(place), which: step, ...(ofRun ? { runDir } : {}) };
}

/** Where a run's checkpoints are, as its config says. */
export function storeOf(runDir: string): string {
  const paths = runPaths(runDir);
  if (!existsSync(paths.config)) return paths.checkpoints;
  return checkpointLocation(loadConfig({ file: paths.config, env: {} }), runDir);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The path of a checkpoint as a person would type it. */
export function checkpointPath(store: CheckpointStore, name: string): string {
  return store.location.startsWith('s3://') ? `${store.location}/${name}` : join(store.location, name);
}
