import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { readLive, type Live } from '../launch/live.js';
import type { Injury } from './injury.js';
import type { Fault, Target } from './schedule.js';

type Victim = Injury['victims'][number];

/** Hurts the processes of a run on this host, and lets those that it stopped go on. */
export class Injector {
  readonly #runDir: string;
  /** Active workers that are left alone, but by `all`. */
  readonly #spare: number;
  readonly #stopped = new Map<number, NodeJS.Timeout>();
  /** Killed, though live.json may not know it yet. */
  readonly #killed = new Set<number>();

  constructor(runDir: string, spare: number) {
    this.#runDir = runDir;
    this.#spare = spare;
  }

  /** Does what the fault says; undefined while there is nobody to whom it can be done. */
  inject(fault: Fault): Injury | undefined {
    const live = readLive(this.#runDir);
    if (!live || live.host !== hostname()) return undefined;
    const workers = this.#workersOf(live);
    const victims = this.#victims(fault, live, workers);
    if (!victims) return undefined;
    const hit = new Set(victims.map(({ pid }) => pid));
    const at = Date.now();
    for (const { pid } of victims) this.#hurt(pid, fault);
    return {
      target: fault.target,
      at,
      victims,
      othersActive: workers.filter(({ pid, wasActive }) => wasActive && !hit.has(pid)).map(({ id }) => id),
      globalStep: live.globalStep,
      ...(fault.target === 'stop' && { stopMs: fault.stopMs }),
    };
  }

  /** Lets everybody go on. */
  close(): void {
    for (const pid of this.#stopped.keys()) this.#resume(pid);
  }

  #victims({ target, pick }: Fault, live: Live, workers: readonly Victim[]): readonly Victim[] | undefined {
    if (target === 'coordinator') return this.#coordinator(live);
    if (target === 'all') return workers.length > 0 ? workers : undefined;
    const active = workers.filter(({ wasActive }) => wasActive);
    if (active.length <= this.#spare) return undefined;
    return [active[Math.floor(pick * active.length)]!];
  }

  #coordinator({ pid }: Live): Victim[] | undefined {
    return isProcessOf(pid, 'coordinator') ? [{ id: 'coordinator', pid, wasActive: true }] : undefined;
  }

  #workersOf({ workers, host }: Live): Victim[] {
    return workers
      .filter(
        (worker) => worker.host === host && !this.#killed.has(worker.pid) && !this.#stopped.has(worker.pid),
      )
      .filter(({ pid }) => isProcessOf(pid, 'worker'))
      .map(({ id, pid, state }) => ({ id, pid, wasActive: state === 'active' }));
  }

  #hurt(pid: number, { target, stopMs }: Fault): void {
    if (target !== 'stop') {
      this.#killed.add(pid);
      return signal(pid, 'SIGKILL');
    }
    signal(pid, 'SIGSTOP');
    this.#stopped.set(
      pid,
      setTimeout(() => this.#resume(pid), stopMs),
    );
  }

  #resume(pid: number): void {
    clearTimeout(this.#stopped.get(pid));
    this.#stopped.delete(pid);
    signal(pid, 'SIGCONT');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Process ids are used again: nothing else must be killed. Where there is no /proc the run's word is taken. */
function isProcessOf(pid: number, role: Exclude<Target, 'stop' | 'all'>): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${role}.js`);
  } catch {
    return process.platform !== 'linux';
  }
}
