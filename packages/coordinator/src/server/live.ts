import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { State } from '../machine/index.js';
import type { Progress } from './progress.js';

/** What a running coordinator says of itself: the run directory's live.json. */
export interface LiveStatus extends Progress {
  readonly pid: number;
  readonly host: string;
  readonly control: string;
  readonly data: string;
  readonly globalStep: number;
  readonly steps: number;
  readonly generation: number;
  readonly state: 'gathering' | 'waiting' | 'training' | 'finishing' | 'stopped';
  readonly reason: string;
  readonly heldOutLoss?: number;
  readonly workers: readonly {
    readonly id: string;
    readonly pid: number;
    readonly host: string;
    /** What it computes on, once it has said HELLO. */
    readonly device?: string;
    readonly state: string;
    readonly note?: string;
  }[];
}

export interface Addresses {
  readonly control: string;
  readonly data: string;
}

export function liveStatus(state: State, addresses: Addresses, progress: Progress): LiveStatus {
  const { phase, heldOut, options } = state;
  return {
    pid: process.pid,
    host: hostname(),
    ...addresses,
    globalStep: state.globalStep,
    steps: options.steps,
    generation: state.generation,
    state: phase === 'stepping' ? 'training' : phase,
    reason: state.reason,
    ...progress,
    ...(heldOut.loss !== null && { heldOutLoss: heldOut.loss }),
    workers: [...state.peers.values()].map(({ workerId, pid, host, status, note, deviceKind }) => ({
      id: workerId,
      pid,
      host,
      ...(deviceKind !== '' && { device: deviceKind }),
      state: status,
      ...(note !== '' && { note }),
    })),
  };
}

/** Whole or not at all: readers poll it. A disk that takes nothing must not stop the run. */
export function writeLive(path: string, status: LiveStatus): boolean {
  try {
    writeFileSync(`${path}.next`, `${JSON.stringify(status)}\n`);
    renameSync(`${path}.next`, path);
    return true;
  } catch {
    return false;
  }
}

export function removeLive(path: string): void {
  rmSync(path, { force: true });
}

/** The addresses of a coordinator that was here before: workers go on trying them. */
export function formerAddresses(path: string): Addresses | undefined {
  try {
    const { control, data } = JSON.parse(readFileSync(path, 'utf8')) as Partial<LiveStatus>;
    return typeof control === 'string' && typeof data === 'string' ? { control, data } : undefined;
  } catch {
    return undefined;
  }
}
