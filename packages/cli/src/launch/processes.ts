import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '@ddpm-fleet/engine';
import type { LaunchRequest, Role } from '@ddpm-fleet/launcher';
import type { ChosenEngine } from './chooseEngine.js';

export interface ProcessRequest {
  readonly dir: string;
  readonly port: number;
  /** Address of the coordinator, where workers do not share its run directory. */
  readonly join?: string;
  readonly insecure?: boolean;
  readonly allowUnlike?: boolean;
  /** Go on behind lines of the journal that do not bear the run's seal. */
  readonly reseal?: boolean;
  /** A checkpoint to start from, where the run's own newest is not wanted. */
  readonly from?: string;
  readonly engine: ChosenEngine;
  readonly threads: number;
}

/** The program of a process of a run. */
export function entryOf(role: Role): string {
  return fileURLToPath(new URL(`./bin/${role}.js`, PACKAGES[role]));
}

const PACKAGES: Readonly<Record<Role, string>> = {
  coordinator: import.meta.resolve('@ddpm-fleet/coordinator'),
  worker: import.meta.resolve('@ddpm-fleet/worker'),
};

/** The command lines of the processes of a run. */
export function processEntries(request: ProcessRequest): LaunchRequest['entries'] {
  const { dir, port, from, join, insecure, allowUnlike, reseal } = request;
  const start = from === undefined ? [] : ['--from', from];
  const plain = insecure ? ['--insecure'] : [];
  const anew = reseal ? ['--reseal'] : [];
  const unlike = allowUnlike ? ['--allow-unlike'] : [];
  return {
    coordinator: [
      ...[entryOf('coordinator'), '--run-dir', dir, '--port', String(port)],
      ...[...start, ...plain, ...unlike, ...anew],
    ],
    worker: [entryOf('worker'), ...(join === undefined ? ['--run-dir', dir] : ['--join', join]), ...plain],
  };
}

/** What each kind of process must find in its environment when it starts. */
export function processEnvironments({
  engine,
  threads,
}: ProcessRequest): Record<Role, Record<string, string>> {
  return {
    coordinator: {},
    worker: engine.kind === 'tensorflow' ? engineEnvironment({ threads }) : {},
  };
}
