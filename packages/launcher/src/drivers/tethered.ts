import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { FleetSignal } from '../driver.js';
import type { Role } from '../launchPlan.js';

const TETHER_FD = 3;
const TETHER = new URL('./tether.js', import.meta.url).href;

export interface TetheredSpec {
  readonly role: Role;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A Node process in a session of its own (Ctrl-C in the terminal does not reach it) that ends when this one does: a
 * thread of it watches a pipe whose other end is here.
 * @param graceMs what it gets between the death of this process and SIGKILL
 * @param output where its stdout and stderr go
 */
export function spawnTethered(spec: TetheredSpec, graceMs: number, output: 'pipe' | number): ChildProcess {
  const stdio: StdioOptions = ['ignore', output, output, 'pipe'];
  return spawn(process.execPath, ['--import', TETHER, ...spec.args], {
    env: { ...process.env, ...spec.env, ...tetherEnvironment(spec, graceMs) },
    stdio,
    detached: true,
  });
}

/** Lets go of the pipe, as if this process were dead. */
export function cutTether(child: ChildProcess): void {
  (child.stdio[TETHER_FD] as Writable | null)?.destroy();
}

export function signalChild(child: ChildProcess, signal: FleetSignal): void {
  if (child.exitCode === null && child.signalCode === null) signalProcess(child.pid!, signal);
}

export function signalProcess(pid: number, signal: FleetSignal): void {
  try {
    process.kill(pid, signal);
    // A stopped process takes SIGTERM only once it is continued.
    if (signal === 'SIGTERM') process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended by itself.
  }
}

function tetherEnvironment(spec: TetheredSpec, graceMs: number): Record<string, string> {
  return {
    DDPM_FLEET_TETHER_FD: String(TETHER_FD),
    DDPM_FLEET_TETHER_ROLE: spec.role,
    DDPM_FLEET_TETHER_GRACE_MS: String(graceMs),
  };
}
