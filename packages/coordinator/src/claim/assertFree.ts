import { startTicks } from '@ddpm-fleet/checkpoint';
import { fleetError, type FleetError } from '@ddpm-fleet/core';
import type { ClaimOptions } from './claimOptions.js';
import { ClaimFiles, type ClaimRecord, type FoundClaim } from './claimRecord.js';
import { here } from './here.js';
import { isLocked } from './kernelLock.js';

/** An owner that cannot be seen to live or to be dead, and says nothing for so long, has lost its run. */
const EXPIRY_MS = 15_000;
const LOOK_MS = 250;

/**
 * Returns once nobody owns the run.
 * @returns the epoch of the last claim (0: none), and whether its owner is proven to be gone or was only silent for too long
 * @throws DDPM_ERR_RUN_LIVE
 */
export async function assertFree(options: ClaimOptions): Promise<{ epoch: number; isProven: boolean }> {
  const files = new ClaimFiles(options.directory, options.role);
  for (;;) {
    const found = files.newest();
    if (!found) return { epoch: 0, isProven: true };
    const { epoch } = found;
    const verdict = await verdictOn(found, options);
    if (verdict === 'lives') throw liveError(found, options);
    if (verdict === 'gone') return { epoch, isProven: true };
    options.onWait?.(waitText(found, options));
    const end = await watch(files, found, options.expiryMs ?? EXPIRY_MS);
    if (end === 'renewed') throw liveError(found, options);
    if (end === 'silent') return { epoch, isProven: false };
  }
}

type Verdict = 'lives' | 'gone' | 'unknown';

async function verdictOn({ record }: FoundClaim, options: ClaimOptions): Promise<Verdict> {
  if (!record) return 'unknown';
  if (record.isReleased) return 'gone';
  const self = options.here ?? here();
  if (record.boot !== self.boot) return 'unknown';
  const isThere = record.lock === null ? undefined : await isLocked(options.directory, record.lock);
  if (isThere !== undefined) return isThere ? 'lives' : 'gone';
  if (record.pidNamespace !== self.pidNamespace || record.startTicks === null) return 'unknown';
  return startTicks(record.pid) === record.startTicks ? 'lives' : 'gone';
}

/** What becomes of a claim whose owner cannot be seen. */
async function watch(
  files: ClaimFiles,
  { epoch, mark, record }: FoundClaim,
  expiryMs: number,
): Promise<'renewed' | 'silent' | 'changed'> {
  for (const began = performance.now(); performance.now() - began < expiryMs;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = files.newest();
    if (now?.epoch !== epoch || now.record?.isReleased) return 'changed';
    if (now.mark !== mark) return record ? 'renewed' : 'changed';
  }
  return 'silent';
}

function liveError({ record }: FoundClaim, { runDir }: ClaimOptions): FleetError {
  return fleetError('DDPM_ERR_RUN_LIVE', { dir: runDir, ...wordsOf(record) });
}

function waitText({ record }: FoundClaim, { expiryMs = EXPIRY_MS }: ClaimOptions): string {
  const { role, host, pid } = wordsOf(record);
  return `waiting for up to ${expiryMs / 1000} s to see whether the ${role} on ${host}, pid ${pid}, still has this run`;
}

/** What a message says of an owner. */
export function wordsOf(record: ClaimRecord | undefined): Record<'role' | 'host' | 'pid' | 'age', string> {
  if (!record) return { role: 'process', host: '?', pid: '?', age: '?' };
  const { role, host, pid, since } = record;
  return { role, host, pid: String(pid), age: ageOf(Date.now() - Date.parse(since)) };
}

function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
