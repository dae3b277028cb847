import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { engineEnvironment } from '@ddpm-fleet/engine';
import type { Role } from '@ddpm-fleet/launcher';
import { Command } from 'commander';
import { entryOf } from '../launch/processes.js';
import { nonNegativeInteger, positiveInteger } from '../options.js';

/** What launchers start; a person can too, on hosts that no launcher reaches. */
export function coordinatorCommand(): Command {
  return new Command('coordinator')
    .description('the coordinator of a run that `launch` prepared; what launchers start')
    .requiredOption('--run-dir <dir>', 'directory of the run')
    .option('--port <n>', 'control port, the data port is the next; 0: a free pair', nonNegativeInteger, 0)
    .option('--from <checkpoint>', 'start from this checkpoint rather than the newest')
    .option('--key-file <file>', 'CURVE keys of the coordinator and its allow-list')
    .option('--insecure', 'plain TCP, without keys, also beyond this host')
    .option('--allow-unlike', 'let in workers of unlike devices; equality checks are then off')
    .action((flags: Record<string, unknown>) => runEntry('coordinator', flags, {}));
}

export function workerCommand(): Command {
  return new Command('worker')
    .description('one worker of a run; joins at any time')
    .option('--join <address>', 'control address of the coordinator, e.g. tcp://10.0.0.1:29500')
    .option('--run-dir <dir>', 'or: directory of a run whose coordinator is on this host')
    .option('--data <address>', 'data address, where it is not the next port')
    .option('--id <id>', 'name of this worker; default: host name and process id')
    .option('--key-file <file>', 'CURVE keys of this worker and the coordinator’s public one')
    .option('--insecure', 'plain TCP, without keys, also beyond this host')
    .option('--log-level <level>', 'debug, info, warn or error')
    .option(
      '--threads <n>',
      'threads to compute with; the run must have been started with as many',
      positiveInteger,
      1,
    )
    .option('--device <k>', 'GPU to use, as CUDA_VISIBLE_DEVICES names it')
    .action(({ threads, device, ...flags }: Record<string, unknown> & { threads: number; device?: string }) =>
      runEntry('worker', flags, engineEnvironment({ threads, ...(device === undefined ? {} : { device }) })),
    );
}

/** Runs the entry as a child with the environment that it must start with, and ends as it ends. */
async function runEntry(
  role: Role,
  flags: Record<string, unknown>,
  env: Record<string, string>,
): Promise<void> {
  const child = spawn(process.execPath, [entryOf(role), ...argumentsOf(flags)], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // What a hangup is to the child it decides by itself: it has the same terminal, or none.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, pass);
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function argumentsOf(flags: Record<string, unknown>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : value === undefined || value === false ? [] : [flag, String(value)];
  });
}
