import { fleetError } from '@ddpm-fleet/core';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ddpm-fleet-graph-';

/**
 * Calls `use` with a directory that holds `saved_model.pb`, and removes it whatever happens.
 * @throws DDPM_ERR_ENGINE_TEMP
 */
export function withSavedModel<T>(savedModel: Uint8Array, use: (directory: string) => T): T {
  const directory = attempt(() => mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)));
  try {
    attempt(() => writeFileSync(join(directory, 'saved_model.pb'), savedModel));
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function attempt<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw fleetError('DDPM_ERR_ENGINE_TEMP', { dir: tmpdir(), reason: (cause as Error).message }, { cause });
  }
}

/** Removes what processes that were killed between writing and removing have left. */
export function removeStaleDirectories(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) removeIfOurs(join(tmpdir(), name));
  }
}

/** Another user's process may have left it. */
function removeIfOurs(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (!['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
