import { readFileSync } from 'node:fs';
import { runPaths } from '@ddpm-fleet/config';

/** What a running coordinator says of itself in live.json. */
export interface Live {
  readonly pid: number;
  readonly host: string;
  readonly globalStep: number;
  readonly steps: number;
  readonly state: string;
  readonly reason?: string;
  readonly imagesPerSecond?: number;
  readonly loss?: number;
  readonly heldOutLoss?: number;
  readonly etaSeconds?: number;
  readonly workers: readonly { id: string; pid: number; host: string; device?: string; state: string }[];
}

/** undefined where no coordinator of this host runs. */
export function readLive(dir: string): Live | undefined {
  try {
    const live = JSON.parse(readFileSync(runPaths(dir).live, 'utf8')) as Live;
    return isAlive(live.pid) ? live : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
