import { LEAVES } from '@ddpm-fleet/config';
import type { Strictness } from '@ddpm-fleet/core';
import { Option, type Command } from 'commander';
import {
  addStrictOptions,
  collect,
  engineOption,
  nonEmpty,
  nonNegativeInteger,
  positiveInteger,
  workerRange,
  type WorkerRange,
} from '../options.js';
import type { VenueFlags } from './venue.js';

export interface LaunchFlags extends VenueFlags, Strictness {
  readonly name?: string;
  readonly runDir?: string;
  readonly workers?: WorkerRange;
  readonly steps?: number;
  readonly resume: string;
  readonly engine?: string;
  readonly set: string[];
  readonly allowUnlike?: boolean;
  readonly reseal?: boolean;
  readonly rendezvousTimeout: number;
  readonly branch?: string;
  readonly detach?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  // slurm
  readonly nodes?: number;
  readonly gpusPerNode?: number;
  readonly cpusPerNode?: number;
  readonly partition?: string;
  readonly time?: string;
  readonly sbatch: string[];
  // kubernetes
  readonly image?: string;
  readonly namespace?: string;
  readonly gpu?: boolean;
  readonly storage?: string;
  readonly storageClass?: string;
  readonly dataClaim?: string;
  readonly apply?: boolean;
}

export function addLaunchOptions(command: Command): Command {
  return addClusterOptions(
    addStrictOptions(command)
      .option('--name <run>', 'name of the run; default: the config’s')
      .option('--run-dir <dir>', 'directory of the run; default: runs/<name>', nonEmpty)
      .option(
        '--workers <n|min:max>',
        'workers; below MIN the run waits; 0: others start them; default: one a GPU, else one a core',
        workerRange,
      )
      .option('--steps <n>', 'stop when globalStep is n (a total)', positiveInteger)
      .option(
        '--resume <auto|none|auto-or-new|checkpoint>',
        'go on from the newest checkpoint that verifies, or from one',
        nonEmpty,
        'none',
      )
      .option('--branch <name>', 'with --resume CHECKPOINT: a new run from it, settings may be others')
      .addOption(engineOption())
      .option('--set <path=value>', 'override a setting, e.g. model.ch=64; may be repeated', collect, [])
      .option('--allow-unlike', 'let in workers of unlike devices; equality checks are then off')
      .option('--reseal', 'with --resume: go on though the journal lacks this run’s seal; it says so then')
      .option('--detach', 'come back once the run goes on; it lives on without this terminal')
      .option('--dry-run', 'print what the run would be and need, and who would run where; start nothing')
      .option('--json', 'with --dry-run: one JSON document'),
  ).addHelpText('after', EXAMPLES + settingsHelp());
}

function addPlaceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--launcher <name>', 'how processes are started')
        .choices(['local', 'ssh', 'slurm', 'kubernetes'])
        .default('local'),
    )
    .option('--port <n>', 'port of the coordinator, data on the next; 0: a free one', nonNegativeInteger)
    .option('--advertise <address>', 'address by which workers on other hosts reach the coordinator here')
    .option(
      '--rendezvous-timeout <seconds>',
      'give up when not all workers have joined by then; 0: never',
      nonNegativeInteger,
      0,
    )
    .option(
      '--keys <dir>',
      'encrypt with the keys in this directory, made there if there are none; default: the run’s, beyond this host',
      nonEmpty,
    )
    .option('--insecure', 'plain TCP, without keys, also beyond this host')
    .option('--hosts <file|a,b>', 'ssh: hosts, [user@]host[:port] [dir=] [node=] [gpus=0,1] [cores=8] a line')
    .option('--ssh-config <file>', 'ssh: for ssh -F');
}

function addClusterOptions(command: Command): Command {
  return addPlaceOptions(command)
    .option('--nodes <n>', 'slurm: nodes to ask for', positiveInteger)
    .option('--gpus-per-node <n>', 'slurm: GPUs of each', nonNegativeInteger)
    .option('--cpus-per-node <n>', 'slurm: cores of each', positiveInteger)
    .option('--partition <name>', 'slurm: partition')
    .option('--time <limit>', 'slurm: time limit, e.g. 12:00:00; the job is queued again when it ends')
    .option('--sbatch <option>', 'slurm: another option of sbatch; may be repeated', collect, [])
    .option('--image <image>', 'kubernetes: the container image, see infra/docker')
    .option('--namespace <name>', 'kubernetes: namespace')
    .option('--gpu', 'kubernetes: one GPU a worker')
    .option('--storage <size>', 'kubernetes: of the volume with journal and checkpoints', '20Gi')
    .option('--storage-class <name>', 'kubernetes: of that volume')
    .option('--data-claim <name>', 'kubernetes: volume claim that holds data.path')
    .option('--apply', 'kubernetes: apply the manifests with kubectl instead of printing them');
}

const EXAMPLES = `
Examples:
  ddpm-fleet launch configs/quickstart.yaml --workers 2
  ddpm-fleet launch configs/cifar10.yaml --launcher ssh --hosts gpu1,gpu2 --dry-run
  ddpm-fleet launch configs/cifar10.yaml --launcher ssh --hosts hosts.txt --rendezvous-timeout 120
  ddpm-fleet launch configs/cifar10.yaml --launcher slurm --nodes 4 --gpus-per-node 8 --time 12:00:00
  ddpm-fleet launch configs/cifar10.yaml --launcher kubernetes --image registry/ddpm-fleet:0.1.0 --gpu --workers 8
  ddpm-fleet launch configs/cifar10.yaml --workers 0 --set fleet.bind=0.0.0.0 --port 29500   (others join)
`;

/** Every setting with its default, for --set and config files. */
function settingsHelp(): string {
  const lines = [...LEAVES].map(
    ([path, leaf]) => `  ${path}=${JSON.stringify(leaf.default)}\n      ${leaf.doc}`,
  );
  return `\nSettings (config file, --set, or the environment as DDPM_MODEL_CH for model.ch), with defaults:\n${lines.join('\n')}`;
}

/**
 * Flags are settings by another name; they win over --set. A coordinator whose workers are elsewhere listens on every
 * address of its host, unless it is told on which.
 */
export function settingsOf(flags: LaunchFlags): string[] {
  const { branch, workers, steps, engine, launcher } = flags;
  const name = flags.name ?? branch;
  return [
    ...(launcher === 'ssh' || launcher === 'slurm' ? ['fleet.bind=0.0.0.0'] : []),
    ...flags.set,
    ...(name === undefined ? [] : [`name=${name}`]),
    ...(steps === undefined ? [] : [`train.steps=${steps}`]),
    ...(engine === undefined ? [] : [`engine.kind=${engine}`]),
    ...(workers?.min === undefined ? [] : [`fleet.minWorkers=${workers.min}`]),
  ];
}
