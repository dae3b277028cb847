import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { startTicks } from '@ddpm-fleet/checkpoint';

/** Where a process is, as far as others can find it there. */
export interface Here {
  readonly host: string;
  readonly pid: number;
  /** Of the kernel, another one at each start; where there is none to read, the host's name. */
  readonly boot: string;
  /** Within which `pid` means something. */
  readonly pidNamespace: string;
  /** When the process started, in ticks since boot: a number of a process is used again. null: unknown. */
  readonly startTicks: number | null;
}

/** Of this process. */
export function here(): Here {
  return {
    host: hostname(),
    pid: process.pid,
    boot: readOr('/proc/sys/kernel/random/boot_id', hostname()),
    pidNamespace: pidNamespace(),
    startTicks: startTicks(process.pid) ?? null,
  };
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return otherwise;
  }
}
