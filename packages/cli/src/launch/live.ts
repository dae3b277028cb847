import { readFileSync, statSync } from 'node:fs';
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
    const path = runPaths(dir).live;
    const { mtimeMs } = statSync(path);
    const live = JSON.parse(readFileSync(path, 'utf8')) as Live;
    return isAlive(live.pid) && !startedAfter(live.pid, mtimeMs) ? live : undefined;
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

/** Clock ticks of /proc, a second: fixed on Linux. */
const TICKS = 100;
/** The start of the machine is told in whole seconds. */
const SLACK_MS = 2000;

/** Whether the process is younger than what it should have written: then it has the number of one that is gone. */
function startedAfter(pid: number, ms: number): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const booted = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]);
    return (booted + Number(fields[19]) / TICKS) * 1000 > ms + SLACK_MS;
  } catch {
    // Not on Linux: the number alone decides.
    return false;
  }
}
