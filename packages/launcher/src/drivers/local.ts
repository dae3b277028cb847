import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync } from 'node:fs';
import type { LauncherDriver, ProcessExit, RunningProcess } from '../driver.js';
import type { ProcessSpec } from '../launchPlan.js';
import { openLog, startError, tailOf } from './logFile.js';
import { signalChild, signalProcess, spawnTethered } from './tethered.js';

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
    for (const child of running) signalProcess(child.pid, 'SIGKILL');
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

async function startChild(spec: ProcessSpec, { graceMs }: LocalDriverOptions): Promise<RunningProcess> {
  const log = openLog(spec);
  try {
    const { role, args } = spec;
    const child = spawnTethered({ role, args, env: { ...spec.env, ...keyEnvironment(spec) } }, graceMs, log);
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

function keyEnvironment({ keyFile }: ProcessSpec): Record<string, string> {
  return keyFile === undefined ? {} : { DDPM_FLEET_KEY_FILE: keyFile };
}

/** @param logStart where this child's output begins in the log file */
function exitOf(child: ChildProcess, logFile: string, logStart: number): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, tail: error.message }));
    child.once('exit', (code, signal) => resolve({ code, signal, tail: tailOf(logFile, logStart) }));
  });
}
