import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '@ddpm-fleet/engine';
import type { LaunchRequest, Role } from '@ddpm-fleet/launcher';
import type { ChosenEngine } from './chooseEngine.js';

const BIN = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));

export interface ProcessRequest {
  readonly dir: string;
  readonly port: number;
  readonly resume: string;
  readonly engine: ChosenEngine;
  readonly threads: number;
}

/** The command lines of the processes of a run: this same program. */
export function processEntries({ dir, port, resume }: ProcessRequest): LaunchRequest['entries'] {
  const from = ['none', 'auto', 'auto-or-new'].includes(resume) ? [] : ['--from', resume];
  return {
    coordinator: [BIN, 'coordinator', '--run-dir', dir, '--port', String(port), ...from],
    worker: [BIN, 'worker', '--run-dir', dir],
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
