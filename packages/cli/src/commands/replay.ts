import { writeSafetensors } from '@ddpm-fleet/checkpoint';
import { loadConfig, runPaths, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { openDataset, splitHeldOut } from '@ddpm-fleet/data';
import type { Engine } from '@ddpm-fleet/engine';
import { Trainer } from '@ddpm-fleet/trainer';
import { Command } from 'commander';
import { readRecord } from '../launch/runDirectory.js';
import { jsonOption, nonNegativeInteger } from '../options.js';
import { print, printJson } from '../output.js';
import { Progress } from '../progress.js';
import { readHistory, type History } from '../replay/history.js';
import { Replay } from '../replay/replay.js';
import { startingPoint, type StartingPoint } from '../replay/startingPoint.js';
import { stepTensors } from '../replay/tensors.js';
import { compare, type StepVerdict } from '../replay/verdict.js';
import { findRun, storeOf } from '../target.js';
import { withEngine } from '../withEngine.js';

interface ReplayFlags {
  readonly step: number;
  readonly out?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Step N takes the state at globalStep N to N + 1. The exit code is 1 when it comes out otherwise than the journal says.

Examples:
  ddpm-fleet replay quickstart --step 350
  ddpm-fleet replay runs/quickstart --step 350 --out step.safetensors

The file holds position, t, x_start, noise, x_t and loss of every image, and grad/<parameter>: the gradient of the mean
loss, before clipping.`;

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'compute a committed step again, from the nearest checkpoint, and compare it with the journal',
    )
    .argument('<run>', 'name or directory of a run')
    .requiredOption('--step <n>', 'the step, counted from 0', nonNegativeInteger)
    .option('--out <file>', 'write what the step was made of as safetensors')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(replay);
}

interface Inputs {
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly history: History;
  readonly start: StartingPoint;
  readonly flags: ReplayFlags;
}

async function replay(text: string, flags: ReplayFlags): Promise<void> {
  const runDir = findRun(text);
  const paths = runPaths(runDir);
  const history = await readHistory(paths.journal);
  const steps = history.steps.length;
  if (flags.step >= steps) throw fleetError('DDPM_ERR_REPLAY_STEP', { step: flags.step, steps });
  const config = loadConfig({ file: paths.config, env: {} });
  const record = readRecord(runDir)!;
  const { compiled, precision, threads } = config.engine;
  await withEngine({ kind: record.engine.kind, compiled, precision, threads }, async (engine) => {
    const start = await startingPoint(storeOf(runDir), flags.step, history);
    await replayWith(engine, { config, record, history, start, flags });
  });
}

async function replayWith(engine: Engine, inputs: Inputs): Promise<void> {
  const { config, record, history, start, flags } = inputs;
  const dataset = await openDataset(config.data);
  const { train } = splitHeldOut(dataset, config.data.heldOut);
  const trainer = await Trainer.create(engine, config, { ...record.image, datasetSize: record.datasetSize });
  trainer.loadState(start.state ?? trainer.initialState());
  const again = new Replay(trainer, config, train);
  const before = await comeTo(again, inputs);
  const step = await again.record();
  const verdict = compare(step, history.steps[flags.step]!);
  if (flags.out) await writeSafetensors(flags.out, stepTensors(step, config, record.image, trainer.layout));
  again.apply(step, history.steps[flags.step]!.skipped !== undefined);
  const saved = history.checkpoints.get(flags.step + 1);
  const stateEqual = saved === undefined ? undefined : again.stateDigest() === saved;
  await dataset.close();
  conclude(inputs, { verdict, before, stateEqual }, engine);
}

/** Applies the steps before the wanted one. Returns the first of them that came out otherwise. */
async function comeTo(again: Replay, { history, start, flags }: Inputs): Promise<StepVerdict | undefined> {
  const progress = new Progress('replaying', 'steps');
  let differing: StepVerdict | undefined;
  while (again.globalStep < flags.step) {
    const journaled = history.steps[again.globalStep]!;
    const step = await again.compute();
    const verdict = compare(step, journaled);
    if (verdict.equal === false) differing ??= verdict;
    again.apply(step, journaled.skipped !== undefined);
    progress.at(again.globalStep - start.globalStep, flags.step - start.globalStep);
  }
  progress.end();
  return differing;
}

interface ReplayVerdict {
  readonly verdict: StepVerdict;
  /** The first step on the way that came out otherwise. */
  readonly before: StepVerdict | undefined;
  /** undefined: the state after the step was not saved. */
  readonly stateEqual: boolean | undefined;
}

function conclude(inputs: Inputs, outcome: ReplayVerdict, engine: Engine): void {
  const { start, flags } = inputs;
  const { verdict, before, stateEqual } = outcome;
  if (flags.json) {
    const { state: _, engine: computedBy, ...from } = start;
    const { description } = engine;
    printJson({
      ...verdict,
      from,
      firstDiffering: before ?? null,
      stateEqual,
      engine: description,
      computedBy,
    });
  } else show(inputs, outcome);
  const isEqual = verdict.equal ?? verdict.loss === verdict.journalLoss;
  if (!isEqual || before || stateEqual === false) throw difference(before ?? verdict, start, engine);
  if (!flags.json) print('equal');
}

function show({ start, flags }: Inputs, { verdict, stateEqual }: ReplayVerdict): void {
  const steps = flags.step - start.globalStep;
  print(`step         ${verdict.globalStep}, from ${start.name} and ${steps} steps before it`);
  print(`gradient     ${verdict.digest}`);
  print(`journal      ${verdict.journalDigest ?? 'has no digest of this step (fleet.digestEvery)'}`);
  print(`loss         ${verdict.loss}, journal ${verdict.journalLoss}`);
  if (stateEqual !== undefined)
    print(`state after  ${stateEqual ? 'equals' : 'differs from'} the checkpoint of step ${flags.step + 1}`);
  if (flags.out) print(`tensors      ${flags.out}`);
}

function difference(first: StepVerdict, { engine: computedBy }: StartingPoint, engine: Engine): Error {
  const { version, device, threads } = engine.description;
  const there = computedBy ? `${computedBy.kind} ${computedBy.version}` : 'the run’s own engine';
  return fleetError('DDPM_ERR_REPLAY', {
    step: first.globalStep,
    loss: first.loss,
    journalLoss: first.journalLoss,
    here: `${version} on ${device} with ${threads} thread(s)`,
    there,
  });
}
