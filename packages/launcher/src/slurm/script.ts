import { fleetError, sbatchWord, shellWord } from '@ddpm-fleet/core';

/** A batch job that launches a run in its own allocation. */
export interface BatchRequest {
  readonly jobName: string;
  readonly nodes: number;
  /** 0: workers compute on CPUs. */
  readonly gpusPerNode: number;
  readonly cpusPerNode: number;
  readonly partition?: string;
  /** Slurm's notation, e.g. 12:00:00. */
  readonly time?: string;
  /** More options of sbatch, e.g. `--account=lab`. */
  readonly options: readonly string[];
  /** Before the time limit the run is told to save and is queued again: a little more than it may take to save. */
  readonly warnSeconds: number;
  /** Of the batch script; `%j` is the job. */
  readonly logFile: string;
  readonly workingDirectory: string;
  /** What launches the run inside the allocation. */
  readonly command: readonly string[];
}

/**
 * The script for sbatch. A time limit that comes near (USR2) saves, leaves and queues the job again; preemption with
 * requeue and a failed node do the latter by themselves; scancel ends it for good. Resume finds the newest checkpoint.
 * @throws DDPM_ERR_SLURM for a value that such a script cannot hold
 */
export function batchScript(request: BatchRequest): string {
  const directives = [
    `--job-name=${request.jobName}`,
    `--nodes=${request.nodes}`,
    '--ntasks-per-node=1',
    `--cpus-per-task=${request.cpusPerNode}`,
    ...(request.gpusPerNode > 0 ? [`--gres=gpu:${request.gpusPerNode}`] : []),
    ...(request.partition === undefined ? [] : [`--partition=${request.partition}`]),
    ...(request.time === undefined ? [] : [`--time=${request.time}`]),
    `--signal=B:USR2@${request.warnSeconds}`,
    '--requeue',
    '--open-mode=append',
    `--output=${request.logFile}`,
    `--chdir=${request.workingDirectory}`,
    ...request.options,
  ];
  return `#!/bin/bash
${directives.map(directive).join('\n')}
again=no
${request.command.map(shellWord).join(' ')} &
launcher=$!
trap 'again=yes; kill -TERM $launcher' USR2
trap 'kill -TERM $launcher' TERM INT
# wait returns when a signal was trapped, too: until the launcher is gone
while kill -0 $launcher 2>/dev/null; do wait $launcher; status=$?; done
if [ $again = yes ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $status
`;
}

/** @throws DDPM_ERR_SLURM for what no line of directives can say */
function directive(option: string): string {
  try {
    return `#SBATCH ${sbatchWord(option)}`;
  } catch {
    throw fleetError('DDPM_ERR_SLURM', {
      problem: `the option ${JSON.stringify(option)} cannot be part of a batch script`,
      detail: 'Leave out control characters and line breaks.',
    });
  }
}
