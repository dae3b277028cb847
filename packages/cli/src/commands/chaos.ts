import { loadConfig, runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runCampaign } from '../chaos/campaign.js';
import type { Injury } from '../chaos/injury.js';
import { journalSize, linesSince, report, type ChaosReport } from '../chaos/report.js';
import { TARGETS, type Target, type Weights } from '../chaos/schedule.js';
import { readLive } from '../launch/live.js';
import { durationMs, jsonOption, nonNegativeInteger, positiveInteger } from '../options.js';
import { note, print, printJson, printTable } from '../output.js';
import { findRun } from '../target.js';

interface ChaosFlags {
  readonly seed: number;
  readonly killEvery: number;
  readonly targets: Weights;
  readonly for: number;
  readonly faults?: number;
  readonly spare: number;
  readonly json?: boolean;
}

const USUAL_TARGETS = 'worker,coordinator';

const EXAMPLES = `
Targets, each with a weight after a colon if others are to be hit more or less often:
  worker        kill -9 of an active worker
  stop          SIGSTOP of an active worker for 0.3 to 4 s
  coordinator   kill -9 of the coordinator; launch starts it again
  all           kill -9 of every worker at once

Examples:
  ddpm-fleet chaos quickstart --kill-every 15s --for 10m
  ddpm-fleet chaos runs/quickstart --seed 7 --targets worker:10,coordinator,stop:2 --faults 50 --json

Processes on this host alone are hit. The weights that come out are those of the run that was left in peace: compare
with ddpm-fleet checkpoint digest, and prove it with ddpm-fleet audit.`;

export function chaosCommand(): Command {
  return new Command('chaos')
    .description('injure a live run on a seeded schedule, and report what it cost')
    .argument('<run>', 'name or directory of a run that is going on')
    .option('--seed <n>', 'the same seed gives the same schedule', nonNegativeInteger, 0)
    .addOption(time('--kill-every <time>', 'mean time between faults', '15s'))
    .addOption(
      new Option('--targets <list>', 'what is hit, see below')
        .argParser(weights)
        .default(weights(USUAL_TARGETS), USUAL_TARGETS),
    )
    .addOption(time('--for <time>', 'how long', '10m'))
    .option('--faults <n>', 'end after so many', positiveInteger)
    .option('--spare <n>', 'active workers that are left alone, but by the target all', nonNegativeInteger, 1)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(chaos);
}

function time(flags: string, what: string, usual: string): Option {
  return new Option(flags, what).argParser(durationMs).default(durationMs(usual), usual);
}

/** `worker:10,coordinator` */
function weights(text: string): Weights {
  const pairs = text.split(',').map((part) => {
    const [, target, weight] = /^([a-z]+)(?::(\d+(?:\.\d+)?))?$/.exec(part.trim()) ?? [];
    if (!TARGETS.includes(target as Target) || !(Number(weight ?? 1) > 0))
      throw new InvalidArgumentError(
        `${part}: name ${TARGETS.join(', ')}, each with a weight above 0 if need be.`,
      );
    return [target, Number(weight ?? 1)] as const;
  });
  return Object.fromEntries(pairs);
}

async function chaos(text: string, flags: ChaosFlags): Promise<void> {
  const runDir = findRun(text);
  if (!readLive(runDir)) throw fleetError('DDPM_ERR_CHAOS_NOT_LIVE', { runDir });
  const { journal, config } = runPaths(runDir);
  const from = journalSize(journal);
  const began = performance.now();
  const injuries = await runCampaign({
    runDir,
    seed: flags.seed,
    everyMs: flags.killEvery,
    weights: flags.targets,
    forMs: flags.for,
    maxFaults: flags.faults ?? Infinity,
    spare: flags.spare,
    signal: untilAsked(),
    onInjury: tell,
  });
  const result = report(flags.seed, (performance.now() - began) / 1000, injuries, linesSince(journal, from));
  if (flags.json) return printJson({ runDir, ...result });
  show(result, loadConfig({ file: config, env: {} }).fleet.livenessMs);
}

/** Ctrl-C ends the campaign, not the report. */
function untilAsked(): AbortSignal {
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.abort());
  return asked.signal;
}

function tell({ target, victims, globalStep, stopMs }: Injury): void {
  const how = stopMs === undefined ? 'killed' : `stopped for ${(stopMs / 1000).toFixed(1)} s`;
  const who = target === 'all' ? `all ${victims.length} workers` : victims[0]!.id;
  note(`step ${globalStep}: ${who} ${how}`);
}

function show(result: ChaosReport, livenessMs: number): void {
  const { survivable, medianStepMs } = result;
  print(`faults       ${result.injuries.length} in ${result.seconds.toFixed(0)} s, seed ${result.seed}`);
  print(`killed       ${result.killed.workers} workers, ${result.killed.coordinators} coordinators`);
  print(`meanwhile    ${result.stepsCommitted} steps committed, ${result.rewinds} rewinds`);
  if (medianStepMs !== undefined) print(`median step  ${medianStepMs} ms`);
  print('');
  const row = (
    name: string,
    { count, detectionMs, nextCommitMs }: ChaosReport['targets'][number] | ChaosReport['survivable'],
  ) => [
    ...[name, count, detectionMs?.p50 ?? '', detectionMs?.p99 ?? '', detectionMs?.max ?? ''],
    ...[nextCommitMs?.p50 ?? '', nextCommitMs?.p99 ?? '', nextCommitMs?.max ?? ''],
  ];
  printTable(
    ['milliseconds', 'count', 'noticed p50', 'p99', 'max', 'next commit p50', 'p99', 'max'],
    [...result.targets.map((one) => row(one.target, one)), row('survivable', survivable)],
  );
  print('\nsurvivable: a worker that was lost while another one worked and the coordinator lived');
  if (result.counts.stop > 0)
    print(`a stop is noticed where it lasts more than ${livenessMs} ms; before that, slots go to others`);
}
