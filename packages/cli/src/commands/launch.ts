import { join, resolve } from 'node:path';
import {
  launch,
  localDriver,
  localResources,
  obeySignals,
  planLaunch,
  defaultWorkers,
  type LaunchEnd,
  type LaunchPlan,
} from '@ddpm-fleet/launcher';
import { LEAVES, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { Command, Option } from 'commander';
import { printDryRun } from '../launch/dryRun.js';
import { processEntries, processEnvironments } from '../launch/processes.js';
import { foreseeRun, prepareRun, type ForeseenRun } from '../launch/prepare.js';
import { claimRunDirectory, type Resume } from '../launch/runDirectory.js';
import { SampleGrids } from '../launch/sampleGrids.js';
import { Watch } from '../launch/watch.js';
import { collect, engineOption, nonNegativeInteger, positiveInteger, workerRange } from '../options.js';
import { note, print } from '../output.js';
import { findTarget } from '../target.js';

interface LaunchFlags {
  readonly name?: string;
  readonly runDir?: string;
  readonly workers?: { min: number; max: number };
  readonly steps?: number;
  readonly resume: string;
  readonly engine?: string;
  readonly set: string[];
  readonly port: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function launchCommand(): Command {
  return new Command('launch')
    .description('start a run: a coordinator and its workers, supervised to the end')
    .argument('<config>', 'YAML file, e.g. configs/quickstart.yaml')
    .option('--name <run>', 'name of the run; default: the config’s')
    .option('--run-dir <dir>', 'directory of the run; default: runs/<name>')
    .option('--workers <n|min:max>', 'workers; default: one a GPU, else one a core', workerRange)
    .option('--steps <n>', 'stop when globalStep is n (a total)', positiveInteger)
    .option(
      '--resume <auto|none|auto-or-new|checkpoint>',
      'go on from the newest checkpoint that verifies, or from one',
      'none',
    )
    .addOption(
      new Option('--launcher <name>', 'how processes are started').choices(['local']).default('local'),
    )
    .addOption(engineOption())
    .option('--set <path=value>', 'override a setting, e.g. model.ch=64; may be repeated', collect, [])
    .option('--port <n>', 'port of the coordinator; 0: a free one', nonNegativeInteger, 0)
    .option('--dry-run', 'print what the run would be and need, and start nothing')
    .option('--json', 'with --dry-run: one JSON document')
    .addHelpText('after', settingsHelp)
    .action(run);
}

/** Every setting with its default, for --set and config files. */
function settingsHelp(): string {
  const lines = [...LEAVES].map(
    ([path, leaf]) => `  ${path}=${JSON.stringify(leaf.default)}\n      ${leaf.doc}`,
  );
  return `\nSettings (config file, --set, or the environment as DDPM_MODEL_CH for model.ch), with defaults:\n${lines.join('\n')}`;
}

async function run(file: string, flags: LaunchFlags): Promise<void> {
  const options = { file, set: settings(flags), onNotice: note };
  if (flags.dryRun) {
    const foreseen = await foreseeRun(options);
    const dir = directoryOf(foreseen, flags);
    return printDryRun(foreseen, planOf(foreseen, dir, flags), dir, flags.json === true);
  }
  const prepared = await prepareRun(options);
  const { config } = prepared;
  const dir = directoryOf(prepared, flags);
  const plan = planOf(prepared, dir, flags);
  if (prepared.engine.notice) note(prepared.engine.notice);
  if (isCheckpoint(flags.resume)) findTarget(flags.resume);
  const record = claimRunDirectory(dir, config, prepared.record, resumeOf(flags.resume));
  await supervise(plan, dir, config, record);
}

function directoryOf({ config }: ForeseenRun, flags: LaunchFlags): string {
  return resolve(flags.runDir ?? join('runs', config.name));
}

/** Flags are settings by another name; they win over --set. */
function settings(flags: LaunchFlags): string[] {
  const { name, workers, steps, engine } = flags;
  return [
    ...flags.set,
    ...(name === undefined ? [] : [`name=${name}`]),
    ...(steps === undefined ? [] : [`train.steps=${steps}`]),
    ...(engine === undefined ? [] : [`engine.kind=${engine}`]),
    ...(workers === undefined ? [] : [`fleet.minWorkers=${workers.min}`]),
  ];
}

function planOf({ config, engine }: ForeseenRun, dir: string, flags: LaunchFlags): LaunchPlan {
  const hosts = [localResources()];
  const { threads } = config.engine;
  const workers = flags.workers?.max ?? Math.min(defaultWorkers(hosts, threads), config.batch.numSlots);
  const from = isCheckpoint(flags.resume)
    ? { from: flags.resume.startsWith('s3:') ? flags.resume : resolve(flags.resume) }
    : {};
  const request = { dir, port: flags.port, engine, threads, ...from };
  return planLaunch({
    ...{ runDir: dir, workers, hosts, threads },
    entries: processEntries(request),
    env: processEnvironments(request),
  });
}

function resumeOf(text: string): Resume {
  return isCheckpoint(text) ? 'auto' : (text as Resume);
}

function isCheckpoint(text: string): boolean {
  return !['none', 'auto', 'auto-or-new'].includes(text);
}

async function supervise(plan: LaunchPlan, dir: string, config: RunConfig, record: RunRecord): Promise<void> {
  const { fleet } = config;
  const graceMs = fleet.graceSeconds * 1000;
  const policy = {
    ...{ maxRestarts: fleet.maxRestarts, minWorkers: 1, graceMs },
    ...{ backoffMs: 500, maxBackoffMs: 30_000, stableMs: 60_000 },
  };
  note(
    `run ${record.runId.slice(0, 8)}: ${record.parameterCount.toLocaleString('en-US')} parameters, ${plan.workers.length} worker(s), in ${dir}`,
  );
  for (const text of plan.notes) note(text);
  const watch = new Watch(dir, config);
  const grids = new SampleGrids(dir, config);
  const running = launch(plan, localDriver({ graceMs }), {
    policy,
    onEvent: (event) => watch.onLaunchEvent(event),
  });
  const stopListening = obeySignals(running);
  const end = await running.ended;
  stopListening();
  watch.close();
  await grids.close();
  conclude(end, dir);
}

function conclude(end: LaunchEnd, dir: string): void {
  const paths = runPaths(dir);
  if (end.kind === 'failed') {
    throw fleetError(end.exitCode === 2 ? 'DDPM_ERR_RUN_REFUSED' : 'DDPM_ERR_RUN_FAILED', {
      reason: lastWords(end),
      hint: `The logs are in ${paths.logs}.`,
    });
  }
  print(`${end.kind}: ${end.reason}`);
  print(`checkpoints  ${paths.checkpoints}`);
  print(`samples      ${paths.samples}`);
  print(`journal      ${paths.journal}`);
  print(`logs         ${paths.logs}`);
  process.exitCode = end.exitCode;
}

/** What the process that ended the run said last, as far as a person would read it. */
function lastWords({ tail, reason }: LaunchEnd): string {
  const lines = (tail ?? '')
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('error: '));
  return lines.at(-1)?.replace(/^error: /, '') ?? reason;
}
