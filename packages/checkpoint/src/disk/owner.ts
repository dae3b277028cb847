import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who writes into a directory of checkpoints: what one who is gone left behind is nobody's. */
export interface Owner {
  /** Another id each time, which says whose it is. */
  newId(): string;
  /** Whether the one that made `id` is gone; undefined when that cannot be known from here. */
  isGone(id: string): boolean | undefined;
  /** The time of day, milliseconds since 1970. */
  nowMs(): number;
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const OWNER = /^([0-9a-f]{8})-(\d+)-(\d+)-/;

/** Names the process that writes, so that what it left behind can be told from what it is still writing. */
export function ownerPrefix(): string {
  return `${HOST}-${process.pid}-${startTicks(process.pid) ?? 0}-`;
}

/**
 * Whether the process that gave `id` its owner prefix is gone; undefined when that cannot be known from here.
 * A process number alone would not do: in containers, a restarted coordinator often has the one it had before.
 */
export function ownerIsGone(id: string): boolean | undefined {
  const [, host, pid, ticks] = OWNER.exec(id) ?? [];
  if (host !== HOST) return undefined;
  const found = startTicks(Number(pid));
  if (found === undefined && startTicks(process.pid) === undefined) return undefined;
  return found !== Number(ticks);
}

/** When a process started, in clock ticks since boot; undefined where it is not running or /proc is not there. */
export function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return Number.isFinite(ticks) ? ticks : undefined;
  } catch {
    return undefined;
  }
}

/** This process. */
export const processOwner: Owner = {
  newId: () => ownerPrefix() + randomBytes(4).toString('hex'),
  isGone: ownerIsGone,
  nowMs: Date.now,
};
