import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAverages, SnapshotAverages } from '@ddpm-fleet/checkpoint';
import { loadConfig, type RunConfig } from '@ddpm-fleet/config';
import { emaName } from '@ddpm-fleet/core';
import { exportSafetensors, writeCard } from '@ddpm-fleet/inference';
import { note, print, printJson, printTable } from '../output.js';
import type { NamedModel } from '../parts/request.js';
import { findTarget, type Target } from '../target.js';
import { loadTrained, percent } from '../trained.js';
import { candidatesOf, widthsOf, type Candidate, type WidthRange } from './candidates.js';
import { curveSvg } from './curve.js';
import { judge, type JudgeFlags, type Metric } from './judge.js';
import { Ledger } from './ledger.js';

export type SweepFlags = Omit<JudgeFlags, 'out'> & {
  readonly std: WidthRange;
  readonly widths: number;
  readonly step?: number;
  readonly out?: string;
};

/** Weights that are judged: an average of some width, or what a checkpoint of that step holds besides. */
interface Judged extends NamedModel {
  readonly name: string;
  readonly candidate?: Candidate;
}

/** Judges averages of many widths, writes table, curve and the best of them. What was judged before is kept. */
export async function sweep(text: string, flags: SweepFlags): Promise<void> {
  const target = findTarget(text);
  const averages = await SnapshotAverages.open(openAverages(target.store.location));
  const asked = flags.step ?? (target.which === 'newest' ? undefined : target.which);
  const step = asked ?? averages.steps.at(-1)!;
  const config = loadConfig({ yaml: averages.meta.configYaml, env: {} });
  const candidates = candidatesOf(averages, widthsOf(flags.std, flags.widths), step);
  const judged = [
    ...candidates.map((candidate) => judgedWidth(text, candidate, step)),
    ...(await othersOf(text, target, config, step)),
  ];
  const dir = flags.out ?? join(target.runDir ?? '.', 'ema-sweep', `${flags.metric}-step-${step}`);
  const ledger = new Ledger(dir, questionOf(flags, averages, step));
  await judgeMissing(judged, ledger, config, flags);
  await report(judged, ledger, {
    dir,
    step,
    metric: flags.metric,
    name: config.name,
    json: flags.json === true,
  });
}

function judgedWidth(target: string, candidate: Candidate, step: number): Judged {
  const { relativeStd } = candidate;
  return { name: emaName({ relativeStd }), target, weights: { emaStd: relativeStd, step }, candidate };
}

/** Raw weights and the usual average, where there is a checkpoint of that step. */
async function othersOf(
  text: string,
  { store }: Target,
  { ema }: RunConfig,
  step: number,
): Promise<Judged[]> {
  const isThere = (await store.list()).some((info) => info.globalStep === step && info.manifest);
  if (!isThere) return [];
  const names = ['raw', ...ema.decays.slice(0, 1).map((decay) => emaName({ decay }))];
  return names.map((name) => ({ name, target: text, weights: { weights: name, step } }));
}

/** Whatever decides the figures; how many processes find them does not. */
function questionOf(flags: SweepFlags, averages: SnapshotAverages, step: number): unknown {
  const {
    metric,
    count,
    seed,
    batch,
    threads,
    engine = 'auto',
    split,
    features,
    featureRange,
    featureOutput,
  } = flags;
  const { sampler, sampleSteps, spacing, eta, variance, clip, threshold, guidance, guidanceRescale } = flags;
  return {
    ...{ runId: averages.meta.runId, snapshots: averages.steps, step, metric },
    ...{ count, seed, batch, threads, engine, split, dataPath: flags.dataPath },
    ...(metric === 'fid' && {
      ...{ features, featureRange, featureOutput, reference: flags.reference, class: flags.class },
      ...{ sampler, sampleSteps, spacing, eta, variance, clip, threshold, guidance, guidanceRescale },
    }),
  };
}

async function judgeMissing(
  judged: readonly Judged[],
  ledger: Ledger,
  config: RunConfig,
  flags: SweepFlags,
): Promise<void> {
  const missing = judged.filter(({ name }) => ledger.get(name) === undefined);
  const known = judged.length - missing.length;
  if (known > 0) note(`${known} of ${judged.length} were judged before (${ledger.path})`);
  if (missing.length === 0) return;
  const { out: _, ...judgeFlags } = flags;
  let next = 0;
  for await (const value of judge(missing, config, judgeFlags)) ledger.set(missing[next++]!.name, value);
}

interface About {
  readonly dir: string;
  readonly step: number;
  readonly metric: Metric;
  /** Of the run. */
  readonly name: string;
  readonly json: boolean;
}

interface Valued extends Judged {
  readonly value: number;
}

async function report(judged: readonly Judged[], ledger: Ledger, about: About): Promise<void> {
  const { dir, step, metric, name: run } = about;
  const valued = judged.map((one) => ({ ...one, value: ledger.get(one.name)! }));
  const points = valued.flatMap(({ candidate, value }) => (candidate ? [{ ...candidate, value }] : []));
  const best = valued.filter(({ candidate }) => candidate).reduce((a, b) => (b.value < a.value ? b : a));
  const others = valued.filter(({ candidate }) => !candidate);
  const curve = join(dir, 'curve.svg');
  await writeFile(curve, curveSvg({ title: `${run}: averages after step ${step}`, metric, points, others }));
  printResults(valued, best, [curve, ...(await exportBest(best, dir))], about);
}

function printResults(
  valued: readonly Valued[],
  best: Valued,
  files: readonly string[],
  { metric, step, json }: About,
): void {
  if (json) {
    const rows = valued.map(({ name, candidate, value }) => {
      return { name, profileError: candidate?.profileError, value };
    });
    return printJson({ metric, step, best: best.candidate!.relativeStd, rows, files });
  }
  const rows = valued.map((one) => [
    one.name,
    one.candidate ? percent(one.candidate.profileError) : '',
    one.value.toPrecision(6),
    one === best ? 'best width' : '',
  ]);
  printTable(['weights', 'profile error', metric, ''], rows);
  for (const file of files) print(file);
}

async function exportBest({ target, weights }: Judged, dir: string): Promise<string[]> {
  const { model, loaded, weightsName, made } = await loadTrained(target, weights);
  const files = await exportSafetensors(model, loaded, weightsName, dir);
  return [
    ...files,
    writeCard({ format: 'safetensors', model, loaded, weightsName, ...(made && { made }) }, dir),
  ];
}
