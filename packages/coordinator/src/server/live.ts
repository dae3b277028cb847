import type { State } from '../machine/index.js';
import type { Files } from './files.js';
import type { Progress } from './progress.js';
import type { Surroundings } from './surroundings.js';

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

export function liveStatus(
  { pid, host }: Pick<Surroundings, 'pid' | 'host'>,
  state: State,
  addresses: Addresses,
  progress: Progress,
): LiveStatus {
  const { phase, losses, options } = state;
  const { heldOut } = losses;
  return {
    pid,
    host,
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
export function writeLive(files: Files, path: string, status: LiveStatus): boolean {
  try {
    files.replace(path, `${JSON.stringify(status)}\n`);
    return true;
  } catch {
    return false;
  }
}

/** The addresses of a coordinator that was here before: workers go on trying them. */
export function formerAddresses(files: Files, path: string): Addresses | undefined {
  try {
    const { control, data } = JSON.parse(files.readText(path)) as Partial<LiveStatus>;
    return typeof control === 'string' && typeof data === 'string' ? { control, data } : undefined;
  } catch {
    return undefined;
  }
}
