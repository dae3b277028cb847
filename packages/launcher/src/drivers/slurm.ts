import { fileURLToPath } from 'node:url';
import type { LauncherDriver } from '../driver.js';
import { remoteDriver, type Reach } from './remote.js';
import { lastLine } from './ssh.js';

const AGENT = fileURLToPath(new URL('../remote/agent.js', import.meta.url));

/** The allocation that this process runs in, as Slurm's environment tells it. */
export interface Allocation {
  readonly jobId: string;
  readonly nodeList: string;
  readonly gpusOnNode: number;
  readonly cpusOnNode: number;
  /** How often the job was requeued. */
  readonly restarts: number;
}

/** undefined outside an allocation. */
export function slurmAllocation(env: NodeJS.ProcessEnv): Allocation | undefined {
  const { SLURM_JOB_ID: jobId, SLURM_JOB_NODELIST: nodeList } = env;
  if (!jobId || !nodeList) return undefined;
  return {
    jobId,
    nodeList,
    gpusOnNode: Number(env.SLURM_GPUS_ON_NODE ?? 0),
    cpusOnNode: Number(env.SLURM_CPUS_ON_NODE ?? 1),
    restarts: Number(env.SLURM_RESTART_COUNT ?? 0),
  };
}

/** Workers as job steps of this allocation: scancel, node failure and preemption end them as they end any step. */
export function slurmDriver(allocation: Allocation, { graceMs }: { graceMs: number }): LauncherDriver {
  return remoteDriver({
    name: 'slurm',
    graceMs,
    reach: (spec) => srunReach(allocation, spec.host, [AGENT], spec.id),
    explain: explainSrun,
  });
}

/**
 * The job step that runs node on one node of the allocation. Steps share what the node has of the job, since the plan
 * says which GPU each worker sees.
 */
export function srunReach(
  { gpusOnNode, cpusOnNode }: Allocation,
  node: string,
  args: readonly string[],
  name: string,
): Reach {
  return {
    command: 'srun',
    args: [
      ...['--overlap', '--nodes=1', '--ntasks=1', `--nodelist=${node}`, `--job-name=${name}`],
      ...[`--cpus-per-task=${cpusOnNode}`, '--cpu-bind=none', '--kill-on-bad-exit=0'],
      ...(gpusOnNode > 0 ? [`--gres=gpu:${gpusOnNode}`] : []),
      process.execPath,
      ...args,
    ],
  };
}

export function explainSrun(host: string, words: string): string {
  return `${host}: the job step ended (${lastLine(words)})`;
}
