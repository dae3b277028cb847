import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { runPaths } from '@ddpm-fleet/config';
import type { Addresses } from './shell/ports.js';

const LOOK_EVERY_MS = 100;

/**
 * Where the coordinator of a run listens, as it says in the run's directory; waits until there is one.
 * @param onWait told once that there is none yet
 * @returns undefined when `signal` ended the wait
 */
export async function findCoordinator(
  runDir: string,
  onWait: (file: string) => void,
  signal?: AbortSignal,
): Promise<Addresses | undefined> {
  const { live } = runPaths(runDir);
  for (let looks = 0; !signal?.aborted; looks++) {
    const addresses = readLive(live);
    if (addresses) return addresses;
    if (looks === 10) onWait(live);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return undefined;
}

/** A coordinator that died left its file behind; its successor on this host may listen elsewhere. */
function readLive(file: string): Addresses | undefined {
  try {
    const { control, data, pid, host } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (typeof control !== 'string' || typeof data !== 'string') return undefined;
    return host === hostname() && !isAlive(pid as number) ? undefined : { control, data };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
