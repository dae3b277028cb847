import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetError, type Note } from '@ddpm-fleet/core';
import {
  readStatistics,
  statisticsOf,
  stepCount,
  writeStatistics,
  type FeatureOptions,
  type FeatureStatistics,
  type SampleTask,
} from '@ddpm-fleet/inference';
import { print, printJson } from '../output.js';
import type { PartFlags } from '../parts/compute.js';
import { chooseClasses } from '../sampling/classes.js';
import { tellNotes } from '../sampling/notes.js';
import { chooseSampler, type SamplerFlags } from '../sampling/flags.js';
import type { Trained } from '../trained.js';
import { datasetStatistics } from './datasetStatistics.js';
import { distanceOf, rankNotes, type Distance } from './distance.js';
import type { DataFlags } from './images.js';
import { partSizeOf, sumMoments } from './moments.js';

export interface FidFlags extends PartFlags, SamplerFlags, DataFlags {
  readonly count?: number;
  readonly class?: string;
  readonly seed: number;
  readonly batch: number;
  readonly features?: string;
  readonly featureRange: FeatureOptions['range'];
  readonly featureOutput?: string;
  /** Statistics of samples, written. */
  readonly out?: string;
  /** Statistics of the data, read instead of computed. */
  readonly reference?: string;
  readonly json?: boolean;
}

/** Fewer leave the covariance of 2048 features without full rank. */
const USUAL_COUNT = 2560;

/** The distance of samples from the data set that the model was trained on, or from given statistics. */
export async function evaluateFid(trained: Trained, flags: FidFlags): Promise<void> {
  const { found, count, reference } = await fidOf(trained, flags);
  report(trained, found, count, reference, flags);
  tellNotes(found.notes, flags);
}

/** `count` samples against `reference`. */
export async function fidOf(
  trained: Trained,
  flags: FidFlags,
): Promise<{ found: Found; count: number; reference: string }> {
  const features = featureOptions(flags);
  if (flags.reference) await readStatistics(flags.reference);
  const reference = flags.reference
    ? { file: flags.reference, name: flags.reference }
    : await datasetStatistics(trained, features, flags);
  const scratch = await mkdtemp(join(tmpdir(), 'ddpm-fleet-fid-'));
  try {
    const file = flags.out ?? join(scratch, 'samples.npz');
    const { count, statistics } = await sampleStatistics(trained, features, flags);
    await writeStatistics(file, statistics);
    const found = await distanceOf([file, reference.file], flags);
    const notes = rankNotes(found, [`${count} samples`, reference.name]);
    return { found: { ...found, notes }, count, reference: reference.name };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Found = Distance & { readonly notes: readonly Note[] };

function report(
  trained: Trained,
  { distance: fid, notes }: Found,
  count: number,
  reference: string,
  flags: FidFlags,
): void {
  const { weightsName: weights, loaded } = trained;
  const { globalStep } = loaded;
  const facts = { metric: 'fid', fid, samples: count, weights, globalStep, reference, notes };
  if (flags.json) return printJson({ ...facts, ...(flags.out && { statistics: flags.out }) });
  print(`FID ${fid.toFixed(4)}: ${count} samples of ${weights} at step ${globalStep}, against ${reference}`);
  if (flags.out) print(`statistics of the samples: ${flags.out}`);
}

/** The distance of two files of statistics. */
export async function compareStatistics(file: string, flags: FidFlags): Promise<void> {
  const { reference, json } = flags;
  if (!reference) {
    const problem = `${file} alone has no distance`;
    throw fleetError('DDPM_ERR_FID', { problem, remedy: 'Name the other file with --reference.' });
  }
  const found = await distanceOf([file, reference], flags);
  const { distance: fid } = found;
  const notes = rankNotes(found, [file, reference]);
  if (json) printJson({ metric: 'fid', fid, statistics: file, reference, notes });
  else print(`FID ${fid.toFixed(4)}: ${file} against ${reference}`);
  tellNotes(notes, flags);
}

function featureOptions({ features, featureRange: range, featureOutput: output }: FidFlags): FeatureOptions {
  if (features && !existsSync(features))
    throw fleetError('DDPM_ERR_GRAPH', { path: features, detail: 'there is nothing of that name' });
  if (features) return { path: features, range, ...(output && { output }) };
  throw fleetError('DDPM_ERR_FID', {
    problem: 'there is no model of features',
    remedy:
      'Name a SavedModel or a TF.js graph model with --features, e.g. an Inception without its last layer.',
  });
}

async function sampleStatistics(
  trained: Trained,
  features: FeatureOptions,
  flags: FidFlags,
): Promise<{ statistics: FeatureStatistics; count: number }> {
  const sampler = chooseSampler(trained, flags);
  const { count, labels, guidance } = chooseClasses(trained, { ...flags, count: flags.count ?? USUAL_COUNT });
  const { seed, batch, threshold } = flags;
  const task: SampleTask = {
    ...{ kind: 'sample', count, seed, batch, partSize: partSizeOf(count, batch) },
    ...{ sampler: sampler.options, frames: 0, predictions: 0, features },
    ...(labels && { labels }),
    ...(guidance && { guidance }),
    ...(threshold !== undefined && { threshold }),
  };
  const steps = stepCount(task, sampler.plan.steps.length);
  const moments = await sumMoments(trained, task, flags, { what: 'sampling', unit: 'steps', steps });
  return { statistics: statisticsOf(moments, `${count} samples`), count };
}
