import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { assertSameIdentity, configYaml, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { assertFree, claimRun, type Claim } from '@ddpm-fleet/coordinator';
import { fleetError, isFleetError } from '@ddpm-fleet/core';
import { note } from '../output.js';
import { assertSpace, placesOf } from './diskSpace.js';

/** `auto`: go on; `auto-or-new`: go on if there is a run, else start one; `none`: start one. */
export type Resume = 'auto' | 'auto-or-new' | 'none';

export interface ClaimedRun {
  /** Under which it runs: that of the first start, with what is said at this one. */
  readonly record: RunRecord;
  readonly claim: Claim;
}

/**
 * Makes the directory of a new run, or checks that the run in it is the one that would go on; no other launch may do so
 * until the claim is released.
 * @throws DDPM_ERR_RUN_EXISTS, _NOTHING, _LIVE, _DIR, DDPM_ERR_IDENTITY; then nothing was changed
 */
export async function claimRunDirectory(
  dir: string,
  config: RunConfig,
  record: RunRecord,
  resume: Resume,
): Promise<ClaimedRun> {
  assertResumable(dir, record, resume);
  const claim = await claimForLaunch(dir);
  try {
    // Another launch may have begun a run, and ended, meanwhile.
    return { record: writeRun(dir, config, record, assertResumable(dir, record, resume)), claim };
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** @returns the record of the run that is there */
function assertResumable(dir: string, record: RunRecord, resume: Resume): RunRecord | undefined {
  const existing = readRecord(dir);
  if (!existing && resume === 'auto') throw fleetError('DDPM_ERR_RUN_NOTHING', { dir });
  if (existing && resume === 'none') throw fleetError('DDPM_ERR_RUN_EXISTS', { dir });
  if (existing) assertSameIdentity(record.identity, existing.identity);
  return existing;
}

/** @throws DDPM_ERR_RUN_LIVE, also while a coordinator whose launch is gone is still there */
async function claimForLaunch(dir: string): Promise<Claim> {
  const { claims } = runPaths(dir);
  const about = { runDir: dir, directory: claims, onWait: note };
  try {
    await assertFree({ ...about, role: 'coordinator' });
    return await claimRun({ ...about, role: 'launch' });
  } catch (cause) {
    if (isFleetError(cause)) throw cause;
    throw fleetError('DDPM_ERR_RUN_DIR', { dir, reason: (cause as Error).message }, { cause });
  }
}

function writeRun(
  dir: string,
  config: RunConfig,
  record: RunRecord,
  existing: RunRecord | undefined,
): RunRecord {
  const paths = runPaths(dir);
  const kept = { ...(existing ?? record), notes: record.notes ?? [] };
  writing(dir, () => {
    for (const path of [paths.dir, paths.checkpoints, paths.samples, paths.logs])
      mkdirSync(path, { recursive: true });
    probe(dir);
    assertSpace(placesOf(dir, config, kept).filter(({ path }) => existsSync(path)));
    writeFileSync(paths.config, configYaml(config));
    writeWhole(paths.record, `${JSON.stringify(kept, null, 2)}\n`);
  });
  return kept;
}

/** Whole or not at all: the record of a run that goes on is written again for its notes. */
function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { flush: true });
  renameSync(`${path}.tmp`, path);
}

/** undefined where no run was started. */
export function readRecord(dir: string): RunRecord | undefined {
  const { record } = runPaths(dir);
  if (!existsSync(record)) return undefined;
  return JSON.parse(readFileSync(record, 'utf8')) as RunRecord;
}

function probe(dir: string): void {
  const path = `${dir}/.writable`;
  writeFileSync(path, '');
  rmSync(path);
}

function writing(dir: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw fleetError('DDPM_ERR_RUN_DIR', { dir, reason: (cause as Error).message }, { cause });
  }
}
