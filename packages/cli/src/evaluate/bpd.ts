import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNote, type Note } from '@ddpm-fleet/core';
import { encodeNpz, stepCount, type BoundTerms, type BpdTask } from '@ddpm-fleet/inference';
import { print, printJson } from '../output.js';
import { computeParts, type PartFlags } from '../parts/compute.js';
import { tellNotes } from '../sampling/notes.js';
import type { Trained } from '../trained.js';
import { dataConfigOf, readImages, withDataset, type DataFlags } from './images.js';

export interface BpdFlags extends PartFlags, DataFlags {
  readonly count?: number;
  readonly seed: number;
  readonly batch: number;
  readonly out?: string;
  readonly json?: boolean;
}

const USUAL_COUNT = 64;

/** The variational bound of the first images of a data set, in bits per dimension. */
export async function evaluateBpd(trained: Trained, flags: BpdFlags): Promise<void> {
  const { terms, measured } = await boundOf(trained, flags);
  if (flags.out) await writeTerms(flags.out, terms, terms.total.length);
  report(trained, terms, measured, flags);
}

/** The terms of that bound, and what was measured; notes are told before. */
export async function boundOf(
  trained: Trained,
  flags: BpdFlags,
): Promise<{ terms: BoundTerms; measured: Measured & { readonly notes: readonly Note[] } }> {
  const count = flags.count ?? USUAL_COUNT;
  const scratch = await mkdtemp(join(tmpdir(), 'ddpm-fleet-bpd-'));
  try {
    const { task, ...measured } = await bpdTask(trained, flags, count, join(scratch, 'images'));
    const notes = trainedNotes(measured.trained, count);
    tellNotes(notes, flags);
    return { terms: await measure(trained, task, flags), measured: { ...measured, notes } };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @param trained how many of the `count` images the model was trained on */
export function trainedNotes(trained: number, count: number): readonly Note[] {
  return trained > 0 ? [makeNote('DDPM_NOTE_BPD_TRAINED', { trained, count })] : [];
}

/** What the images are. */
interface Measured {
  readonly dataset: string;
  readonly split: string;
  /** How many of them the model was trained on. */
  readonly trained: number;
}

async function bpdTask(
  trained: Trained,
  { seed, batch, ...flags }: BpdFlags,
  count: number,
  images: string,
): Promise<{ task: BpdTask } & Measured> {
  const config = dataConfigOf(trained, flags);
  const { data, model } = trained.model.config;
  const isTrainedOn = config.split === data.split && config.path === data.path;
  return withDataset(config, model.numClasses, async (dataset) => {
    const indices = Array.from({ length: count }, (_, i) => i);
    await writeFile(images, await readImages(dataset, indices));
    const labels = dataset.labels(indices);
    const task = { kind: 'bpd', count, seed, batch, partSize: batch, images } as const;
    return {
      task: { ...task, ...(labels && { labels: [...labels] }) },
      dataset: dataset.name,
      split: config.split,
      // Held out are the last ones.
      trained: isTrainedOn ? Math.max(0, Math.min(count, dataset.size - data.heldOut)) : 0,
    };
  });
}

async function measure(trained: Trained, task: BpdTask, flags: PartFlags): Promise<BoundTerms> {
  const T = trained.model.config.diffusion.numTimesteps;
  const parts: BoundTerms[] = [];
  const steps = stepCount(task, T);
  for await (const part of computeParts(trained, task, flags, { what: 'measuring', unit: 'steps', steps })) {
    parts.push(part as unknown as BoundTerms);
  }
  const floats = (name: 'vb' | 'xStartMse' | 'epsMse'): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...part[name]]));
  const doubles = (name: 'prior' | 'total'): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part[name]]));
  return {
    ...{ vb: floats('vb'), xStartMse: floats('xStartMse'), epsMse: floats('epsMse') },
    ...{ prior: doubles('prior'), total: doubles('total') },
  };
}

async function writeTerms(file: string, terms: BoundTerms, n: number): Promise<void> {
  const T = terms.vb.length / n;
  const arrays = {
    vb: { values: terms.vb, shape: [n, T] },
    xstart_mse: { values: terms.xStartMse, shape: [n, T] },
    eps_mse: { values: terms.epsMse, shape: [n, T] },
    prior: { values: terms.prior, shape: [n] },
    total: { values: terms.total, shape: [n] },
  };
  await writeFile(file, encodeNpz(arrays));
}

function report(
  { loaded, weightsName }: Trained,
  terms: BoundTerms,
  { dataset, split, trained, notes }: Measured & { readonly notes: readonly Note[] },
  flags: BpdFlags,
): void {
  const n = terms.total.length;
  const bpd = mean(terms.total);
  const variance = terms.total.reduce((sum, value) => sum + (value - bpd) ** 2, 0) / Math.max(1, n - 1);
  const T = terms.vb.length / n;
  const facts = {
    ...{ metric: 'bpd', bpd, standardError: Math.sqrt(variance / n), images: n },
    ...{ dataset, split, trained, notes },
    ...{ weights: weightsName, globalStep: loaded.globalStep },
    decoder: mean(terms.vb.filter((_, i) => i % T === 0)),
    prior: mean(terms.prior),
    ...{ xStartMse: mean(terms.xStartMse), epsMse: mean(terms.epsMse) },
    ...(flags.out && { terms: flags.out }),
  };
  if (flags.json) return printJson(facts);
  const seen = trained > 0 ? `, ${trained} of them trained on` : '';
  print(`${weightsName} at step ${loaded.globalStep}, ${n} images of ${dataset} (${split}${seen}):`);
  print(`${bpd.toFixed(4)} bits per dimension (standard error ${facts.standardError.toFixed(4)}), of which`);
  print(`decoder ${facts.decoder.toFixed(4)}, prior ${facts.prior.toExponential(2)}`);
  if (flags.out) print(`terms by t: ${flags.out}`);
}

function mean(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
