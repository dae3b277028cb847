import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fleetError } from '@ddpm-fleet/core';
import { nodeFiles } from './files.js';
import { newestLines } from './recover.js';
import { checkSeals, type Seal, type SealKey } from './seal.js';

const HEX = /^[0-9a-f]{64}$/;

export interface SealPaths {
  readonly journal: string;
  readonly sealKey: string;
}

/**
 * The seal of a run; a new run gets one.
 * @param mayReseal somebody knows why lines of the journal do not bear it
 * @throws DDPM_ERR_JOURNAL_SEAL for newest lines that do not bear it, DDPM_ERR_SEAL_KEY
 */
export function openSeal(paths: SealPaths, mayReseal: boolean): Seal {
  const texts = newestLines(paths.journal, nodeFiles);
  const key = readSealKey(paths.sealKey);
  const problem = key ? problemOf(texts, key) : texts.length > 0 ? 'there is no such file' : undefined;
  if (problem === undefined) return { key: key ?? makeSealKey(paths.sealKey), isResealed: false };
  if (!mayReseal) throw fleetError('DDPM_ERR_JOURNAL_SEAL', { ...paths, problem });
  return { key: key ?? makeSealKey(paths.sealKey), isResealed: true };
}

function problemOf(texts: readonly string[], key: SealKey): string | undefined {
  const { broken } = checkSeals(texts, key);
  if (broken === undefined) return undefined;
  return `the line that is ${texts.length - broken} from the end does not bear its seal`;
}

/** undefined where there is none. @throws DDPM_ERR_SEAL_KEY */
export function readSealKey(path: string): SealKey | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (HEX.test(text)) return Buffer.from(text, 'hex');
  } catch (cause) {
    throw fleetError('DDPM_ERR_SEAL_KEY', { path, reason: (cause as Error).message }, { cause });
  }
  throw fleetError('DDPM_ERR_SEAL_KEY', { path, reason: 'it does not hold 64 hexadecimal digits' });
}

/** @throws DDPM_ERR_SEAL_KEY */
export function makeSealKey(path: string): SealKey {
  const key = randomBytes(32);
  try {
    writeFileSync(path, `${key.toString('hex')}\n`, { flag: 'wx', mode: 0o600, flush: true });
  } catch (cause) {
    throw fleetError('DDPM_ERR_SEAL_KEY', { path, reason: (cause as Error).message }, { cause });
  }
  return key;
}
