import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { loadConfig, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import type { ServerSecurity } from '@ddpm-fleet/transport';

/**
 * The config and the record that launch left in a run's directory.
 * @throws DDPM_ERR_COORDINATOR_RUN; DDPM_ERR_CONFIG_* for a config that was edited wrongly
 */
export function readRun(dir: string): { config: RunConfig; record: RunRecord } {
  const paths = runPaths(dir);
  try {
    const record = JSON.parse(readFileSync(paths.record, 'utf8')) as RunRecord;
    return { config: loadConfig({ file: paths.config }), record };
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw fleetError('DDPM_ERR_COORDINATOR_RUN', { dir, reason: (cause as Error).message }, { cause });
    }
    throw cause;
  }
}

/**
 * A checkpoint by its directory, `.../step-00001000`.
 * @throws DDPM_ERR_COORDINATOR_FROM
 */
export function parseCheckpoint(path: string): { location: string; globalStep: number } {
  const match = /^step-(\d{8,})$/.exec(basename(path));
  if (!match) throw fleetError('DDPM_ERR_COORDINATOR_FROM', { path });
  const location = path.includes('://') ? path.slice(0, path.lastIndexOf('/')) : dirname(resolve(path));
  return { location, globalStep: Number(match[1]) };
}

/**
 * Reads `{"publicKey", "secretKey", "allowed": {name: publicKey}, "readers": {name: publicKey}}`, Z85 text of 40
 * characters each.
 * @throws DDPM_ERR_COORDINATOR_KEYS
 */
export function readServerKeys(file: string): ServerSecurity {
  try {
    const {
      publicKey,
      secretKey,
      allowed,
      readers = {},
    } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return {
      keys: { publicKey: key(publicKey), secretKey: key(secretKey) },
      allowed: keyList(allowed),
      readers: keyList(readers),
    };
  } catch (cause) {
    // The cause of a syntax error would quote the file, and the file is secret.
    const reason =
      (cause as NodeJS.ErrnoException).code ?? 'it does not hold publicKey, secretKey and allowed';
    throw fleetError('DDPM_ERR_COORDINATOR_KEYS', { file, reason });
  }
}

function keyList(list: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(list as object).map(([name, value]) => [name, key(value)]));
}

function key(value: unknown): string {
  if (typeof value === 'string' && value.length === 40) return value;
  throw new TypeError('not a key');
}
