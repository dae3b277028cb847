import { checkpointLocation, configYaml } from '@ddpm-fleet/config';
import type { CoordinatorOptions } from '../options.js';
import type { SavesOptions } from './saves.js';

/** What saves need to know of a run. */
export function savesOptions(
  options: CoordinatorOptions,
  run: bigint,
): Omit<SavesOptions, 'mayPublish' | 'journalHead'> {
  const { config, record, runDir, from } = options;
  const { runId, identity, identityHash, datasetHash, dataset, notes, engine, parent } = record;
  const about = {
    runId,
    identity,
    identityHash,
    datasetHash,
    ...(dataset && { dataset }),
    ...(notes && { notes }),
    ...(parent && { parent }),
    engine,
  };
  const { keepLast, keepEvery, keepBest } = config.checkpoint;
  return {
    run,
    location: checkpointLocation(config, runDir),
    retention: { keepLast, keepEvery, keepBest },
    averageType: config.ema.snapshotType,
    ...(from && { from }),
    meta: { ...about, configYaml: configYaml(config) },
  };
}
