import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import type { FleetSignal, LauncherDriver, ProcessExit, RunningProcess } from '../driver.js';
import type { ProcessSpec } from '../plan.js';

const TAIL_BYTES = 4096;
const TETHER_FD = 3;
const TETHER = new URL('./tether.js', import.meta.url).href;

export interface LocalDriverOptions {
  /** What a child gets between the launcher's death and SIGKILL. */
  readonly graceMs: number;
}

/**
 * Child processes of this one. Their output goes straight to their log files, so that neither side can block the
 * other. They are in sessions of their own: Ctrl-C in the terminal reaches the launcher alone.
 */
export function localDriver(options: LocalDriverOptions): LauncherDriver {
  const running = new Set<RunningProcess>();
  const killAll = () => {
    for (const child of running) kill(child.pid, 'SIGKILL');
  };
  process.once('exit', killAll);
  return {
    name: 'local',
    async start(spec) {
      const child = await startChild(spec, options);
      running.add(child);
      void child.exited.then(() => running.delete(child));
      return child;
    },
    async close() {
      process.off('exit', killAll);
      killAll();
      await Promise.all([...running].map((child) => child.exited));
    },
  };
}

async function startChild(spec: ProcessSpec, options: LocalDriverOptions): Promise<RunningProcess> {
  const log = openLog(spec);
  try {
    const child = spawn(process.execPath, ['--import', TETHER, ...spec.args], {
      env: { ...process.env, ...spec.env, ...tetherEnvironment(spec, options) },
      stdio: ['ignore', log, log, 'pipe'],
      detached: true,
    });
    const exited = exitOf(child, spec.logFile, fstatSync(log).size);
    if (child.pid === undefined) await once(child, 'spawn');
    const pid = child.pid!;
    return { spec, pid, exited, signal: async (signal) => signalChild(child, signal) };
  } catch (cause) {
    throw startError(spec, cause);
  } finally {
    closeSync(log);
  }
}

function openLog(spec: ProcessSpec): number {
  try {
    mkdirSync(dirname(spec.logFile), { recursive: true });
    return openSync(spec.logFile, 'a');
  } catch (cause) {
    throw startError(spec, cause);
  }
}

function startError(spec: ProcessSpec, cause: unknown): Error {
  return fleetError('DDPM_ERR_LAUNCH_START', { id: spec.id, reason: (cause as Error).message }, { cause });
}

function tetherEnvironment(spec: ProcessSpec, options: LocalDriverOptions): Record<string, string> {
  return {
    DDPM_FLEET_TETHER_FD: String(TETHER_FD),
    DDPM_FLEET_TETHER_ROLE: spec.role,
    DDPM_FLEET_TETHER_GRACE_MS: String(options.graceMs),
  };
}

/** @param logStart where this child's output begins in the log file */
function exitOf(child: ChildProcess, logFile: string, logStart: number): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, tail: error.message }));
    child.once('exit', (code, signal) => resolve({ code, signal, tail: tailOf(logFile, logStart) }));
  });
}

function signalChild(child: ChildProcess, signal: FleetSignal): void {
  if (child.exitCode === null && child.signalCode === null) kill(child.pid!, signal);
}

function kill(pid: number, signal: FleetSignal): void {
  try {
    process.kill(pid, signal);
    // A stopped process takes SIGTERM only once it is continued.
    if (signal === 'SIGTERM') process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended by itself.
  }
}

function tailOf(logFile: string, logStart: number): string {
  try {
    const fd = openSync(logFile, 'r');
    const { size } = fstatSync(fd);
    const start = Math.max(logStart, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    readSync(fd, buffer, 0, buffer.length, start);
    closeSync(fd);
    return buffer.toString('utf8');
  } catch {
    return '';
  }
}
