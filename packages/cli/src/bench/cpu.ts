import { readFileSync } from 'node:fs';

/** Of a clock tick of /proc: USER_HZ, which Linux has fixed at 100. */
const TICK_SECONDS = 0.01;

/** CPU time that these processes have used, all threads, user and system. Linux. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(pid) * TICK_SECONDS, 0);
}

function ticks(pid: number): number {
  // The name of the command is in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
