import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { openStore, type Loaded, type SnapshotMeta } from '@ddpm-fleet/checkpoint';
import {
  checkpointLocation,
  configYaml,
  emaProfiles,
  runPaths,
  type Parent,
  type RunConfig,
  type RunRecord,
} from '@ddpm-fleet/config';
import { formatLine, GENESIS, makeSealKey, sealLine } from '@ddpm-fleet/coordinator';
import { emaName, fleetError } from '@ddpm-fleet/core';
import { findTarget } from '../target.js';
import type { PreparedRun } from './preparedRun.js';
import { readRecord } from './runDirectory.js';

/**
 * Puts a checkpoint of another run into the directory of a new one, with a journal that begins with it. What makes the
 * directory a run, its record, is written by whoever claims it then.
 * @returns for that record
 * @throws DDPM_ERR_BRANCH, DDPM_ERR_RUN_EXISTS, DDPM_ERR_CHECKPOINT_*; then the other run is as it was
 */
export async function beginBranch(
  name: string,
  dir: string,
  checkpoint: string,
  run: PreparedRun,
): Promise<Parent> {
  const { journal, sealKey } = runPaths(dir);
  if (readRecord(dir) || existsSync(journal)) throw fleetError('DDPM_ERR_RUN_EXISTS', { dir });
  const { store, which } = findTarget(checkpoint);
  const loaded = await store.load(which);
  assertFits(name, loaded, run);
  const parent = parentOf(loaded, checkpoint, run);
  await publish(name, dir, store.location, loaded, parent, run);
  const { globalStep, digest, runId, changed } = parent;
  const entry = { kind: 'branch', globalStep, digest, runId, changed } as const;
  mkdirSync(dir, { recursive: true });
  const text = sealLine(formatLine(0, GENESIS, new Date(), entry), makeSealKey(sealKey));
  writeFileSync(journal, `${text}\n`, { flag: 'wx', flush: true });
  return parent;
}

function parentOf({ snapshot, digest }: Loaded, checkpoint: string, { record }: PreparedRun): Parent {
  const { runId, identity } = snapshot.meta;
  const keys = [...new Set([...Object.keys(identity), ...Object.keys(record.identity)])];
  const differing = keys.filter(
    (key) => JSON.stringify(identity[key]) !== JSON.stringify(record.identity[key]),
  );
  const changed = Object.fromEntries(
    differing.map((key) => [key, [identity[key] ?? null, record.identity[key] ?? null] as const]),
  );
  return { runId, globalStep: snapshot.state.globalStep, digest, checkpoint, changed };
}

/** The state must mean the same under the new settings. */
function assertFits(name: string, { snapshot }: Loaded, { record, config }: PreparedRun): void {
  const { layout, state, meta } = snapshot;
  const refuse = (problem: string): never => {
    const remedy = 'Keep that setting as it was; model and averages cannot change in a branch.';
    throw fleetError('DDPM_ERR_BRANCH', { name, problem, remedy });
  };
  if (layout.hash !== record.layoutHash) refuse('the config is of another model than the checkpoint');
  const [there, here] = [state.emas, emaProfiles(config.ema)].map((emas) => emas.map(emaName).join(', '));
  if (there !== here) refuse(`the config has the averages [${here}], the checkpoint [${there}]`);
  for (const key of ['diffusion.timestepSampler', 'diffusion.numTimesteps']) {
    const [before, now] = [meta.identity[key], record.identity[key]].map((value) => JSON.stringify(value));
    if (before !== now && state.derived.length > 0)
      refuse(`${key} is ${now}, the checkpoint's run had ${before}`);
  }
}

/** Under the new run's name; a store that holds anything else is that of another run. */
async function publish(
  name: string,
  dir: string,
  source: string,
  { snapshot }: Loaded,
  parent: Parent,
  { record, config }: { record: PreparedRun['record']; config: RunConfig },
): Promise<void> {
  const location = checkpointLocation(config, dir);
  const store = openStore(location);
  const isOwn = location === source;
  const others = (await store.list()).filter((info) => !(isOwn && info.globalStep === parent.globalStep));
  if (others.length > 0)
    throw fleetError('DDPM_ERR_BRANCH', {
      name,
      problem: `${location} holds checkpoints already`,
      remedy: 'Give the branch a place of its own (checkpoint.store, --run-dir).',
    });
  await store.publish({ ...snapshot, meta: metaOf(snapshot.meta.losses, parent, record, config) });
}

function metaOf(
  losses: SnapshotMeta['losses'],
  { runId, globalStep, digest, changed }: Parent,
  record: RunRecord,
  config: RunConfig,
): SnapshotMeta {
  const { identity, identityHash, datasetHash, dataset, notes, engine } = record;
  return {
    ...{ runId: record.runId, identity, identityHash, datasetHash, engine: { ...engine } },
    ...(dataset && { dataset }),
    ...(notes && { notes }),
    parent: { runId, globalStep, digest, changed },
    ...{ createdAt: new Date().toISOString(), configYaml: configYaml(config), losses },
  };
}

/** A resume from a checkpoint goes back to it: to one of the run itself. @throws DDPM_ERR_RESUME_OTHER */
export async function assertOwnCheckpoint(dir: string, checkpoint: string): Promise<void> {
  const { store, which } = findTarget(checkpoint);
  const record = readRecord(dir);
  const manifest = (await store.list()).find(({ globalStep }) => globalStep === which)?.manifest;
  if (!record || !manifest || manifest.meta.runId === record.runId) return;
  const [there, here] = [manifest.meta.runId, record.runId].map((id) => id.slice(0, 8));
  throw fleetError('DDPM_ERR_RESUME_OTHER', { checkpoint, dir, there, here });
}
