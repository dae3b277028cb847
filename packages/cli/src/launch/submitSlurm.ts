import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runPaths } from '@ddpm-fleet/config';
import { fleetError, sbatchPattern, shellWord } from '@ddpm-fleet/core';
import { batchScript, slurmAllocation } from '@ddpm-fleet/launcher';
import { note, print, printJson } from '../output.js';
import { CLI } from './installation.js';
import type { LaunchFlags } from './launchOptions.js';
import type { ForeseenRun } from './preparedRun.js';
import { readRecord } from './runDirectory.js';

/** Slurm's own messages and a checkpoint under way take a little more than the run's grace. */
const MARGIN_SECONDS = 30;

/** Whether `launch` is to hand the run to Slurm rather than to start it: it is not inside an allocation. */
export function wantsSubmission({ launcher }: LaunchFlags): boolean {
  return launcher === 'slurm' && !slurmAllocation(process.env);
}

/** Writes the batch script into the run's directory, prints it and submits it; with --dry-run prints it only. */
export async function submitToSlurm(
  file: string,
  dir: string,
  run: ForeseenRun,
  flags: LaunchFlags,
): Promise<void> {
  if (flags.resume === 'none' && readRecord(dir)) throw fleetError('DDPM_ERR_RUN_EXISTS', { dir });
  const script = scriptOf(file, dir, run, flags);
  if (flags.dryRun) return flags.json ? printJson({ runDir: dir, script }) : print(script.trimEnd());
  const path = join(dir, 'launch.sbatch');
  mkdirSync(runPaths(dir).logs, { recursive: true });
  writeFileSync(path, script);
  print(script.trimEnd());
  const { stdout } = await promisify(execFile)('sbatch', ['--parsable', path]).catch((error: Error) => {
    throw fleetError('DDPM_ERR_SLURM', { problem: 'sbatch refused the job', detail: error.message });
  });
  const job = stdout.trim().split(';')[0];
  note('');
  print(`submitted: job ${job}`);
  note(
    `squeue -j ${job}; log in ${shellWord(join(runPaths(dir).logs, `slurm-${job}.log`))}; scancel ${job} ends it`,
  );
}

function scriptOf(file: string, dir: string, { config, engine }: ForeseenRun, flags: LaunchFlags): string {
  const { nodes = 1, gpusPerNode = 0, partition, time } = flags;
  return batchScript({
    jobName: `ddpm-${config.name}`,
    nodes,
    gpusPerNode,
    cpusPerNode: flags.cpusPerNode ?? Math.max(1, gpusPerNode) * config.engine.threads + 1,
    ...(partition === undefined ? {} : { partition }),
    ...(time === undefined ? {} : { time }),
    options: flags.sbatch,
    warnSeconds: config.fleet.graceSeconds + MARGIN_SECONDS,
    logFile: logFile(dir),
    workingDirectory: process.cwd(),
    command: [process.execPath, CLI, 'launch', resolve(file), ...forwarded(flags, dir, engine.kind)],
  });
}

/** A job that is queued again goes on where it was. */
function forwarded(flags: LaunchFlags, dir: string, engine: string): string[] {
  const { workers, steps, name, port, advertise } = flags;
  const resume = flags.resume === 'none' ? 'auto-or-new' : flags.resume;
  const pairs: [string, string | number | undefined][] = [
    ['--run-dir', dir],
    ['--resume', resume],
    ['--engine', engine],
    ['--name', name],
    ['--steps', steps],
    ['--workers', workers && (workers.min === undefined ? workers.max : `${workers.min}:${workers.max}`)],
    ['--keys', flags.keys],
    ['--port', port],
    ['--advertise', advertise],
    ['--rendezvous-timeout', flags.rendezvousTimeout || undefined],
  ];
  return [
    ...['--launcher', 'slurm'],
    ...pairs.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)])),
    ...flags.set.flatMap((pair) => ['--set', pair]),
    ...(flags.insecure ? ['--insecure'] : []),
    ...(flags.allowUnlike ? ['--allow-unlike'] : []),
  ];
}

function logFile(dir: string): string {
  return join(sbatchPattern(runPaths(dir).logs), 'slurm-%j.log');
}
