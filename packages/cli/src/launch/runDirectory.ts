import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { assertSameIdentity, configYaml, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { assertSpace, placesOf } from './diskSpace.js';
import { readLive } from './live.js';

/** `auto`: go on; `auto-or-new`: go on if there is a run, else start one; `none`: start one. */
export type Resume = 'auto' | 'auto-or-new' | 'none';

/**
 * Makes the directory of a new run, or checks that the run in it is the one that would go on.
 * @returns the record under which it runs: that of the first start, with what is said at this one
 * @throws DDPM_ERR_RUN_EXISTS, _NOTHING, _LIVE, _DIR, DDPM_ERR_IDENTITY; then nothing was changed
 */
export function claimRunDirectory(
  dir: string,
  config: RunConfig,
  record: RunRecord,
  resume: Resume,
): RunRecord {
  const paths = runPaths(dir);
  const existing = readRecord(dir);
  if (!existing && resume === 'auto') throw fleetError('DDPM_ERR_RUN_NOTHING', { dir });
  if (existing && resume === 'none') throw fleetError('DDPM_ERR_RUN_EXISTS', { dir });
  if (existing) {
    assertSameIdentity(record.identity, existing.identity);
    const live = readLive(dir);
    if (live) throw fleetError('DDPM_ERR_RUN_LIVE', { dir, pid: live.pid });
  }
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
