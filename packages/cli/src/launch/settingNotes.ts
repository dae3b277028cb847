import { emaDecay } from '@ddpm-fleet/checkpoint';
import type { RunConfig } from '@ddpm-fleet/config';
import { NoteList, type Note } from '@ddpm-fleet/core';
import { diffusionTables, getBetaSchedule } from '@ddpm-fleet/diffusion';

/** Above this a chain that starts from pure noise starts where training never was. */
const NOISE = 0.01;
/** Below this what is left of an image is less than a bit of it. */
const USELESS = 1e-5;
/** Of a chain that may be useless, and of an average that may be the first step's. */
const SHARE = { chain: 0.2, average: 0.1 };

/**
 * Settings that are allowed and cannot do what they say, or not all of it.
 * @param datasetSize images trained on, where known
 */
export function settingNotes(config: RunConfig, datasetSize?: number): readonly Note[] {
  const notes = new NoteList();
  noteChain(notes, config);
  noteWarmup(notes, config);
  noteSchedule(notes, config, datasetSize);
  noteAverages(notes, config);
  noteGrids(notes, config);
  if (config.checkpoint.everySteps === 1) notes.add('DDPM_NOTE_CHECKPOINT_EACH', {});
  return notes.all;
}

function noteChain(notes: NoteList, { diffusion }: RunConfig): void {
  const { betaSchedule, betaStart, betaEnd, numTimesteps } = diffusion;
  const { alphasCumprod } = diffusionTables(
    getBetaSchedule(betaSchedule, betaStart, betaEnd, numTimesteps),
    betaSchedule,
  );
  const last = alphasCumprod.at(-1)!;
  if (last > NOISE) notes.add('DDPM_NOTE_CHAIN_SHORT', { numTimesteps, last: Number(last.toPrecision(2)) });
  const useless = alphasCumprod.filter((value) => value < USELESS).length;
  if (useless > SHARE.chain * numTimesteps) {
    notes.add('DDPM_NOTE_CHAIN_LONG', { numTimesteps, useless, least: USELESS });
  }
}

function noteWarmup(notes: NoteList, { optimizer, train }: RunConfig): void {
  const { warmupSteps, lr } = optimizer;
  if (warmupSteps < train.steps) return;
  const reached = Number((lr * Math.min(1, (train.steps - 1) / warmupSteps)).toPrecision(3));
  notes.add('DDPM_NOTE_WARMUP', { warmupSteps, steps: train.steps, reached, lr });
}

/** Steps after which the learning rate is 0, or rises again. */
function noteSchedule(notes: NoteList, { optimizer, train, batch }: RunConfig, datasetSize?: number): void {
  const { lrSchedule, scheduleSteps, scheduleEpochs, warmupEpochs } = optimizer;
  if (lrSchedule === 'constant') return;
  if (lrSchedule !== 'warmupCosineEpochs') {
    if (scheduleSteps < train.steps) {
      const idle = train.steps - scheduleSteps;
      notes.add('DDPM_NOTE_SCHEDULE_ENDED', { lrSchedule, scheduleSteps, steps: train.steps, idle });
    }
    return;
  }
  if (datasetSize === undefined) return;
  const epochs = (train.steps * batch.globalBatchSize) / datasetSize;
  const least = warmupEpochs + 1 + scheduleEpochs;
  if (epochs > least) {
    notes.add('DDPM_NOTE_SCHEDULE_RISES', { scheduleEpochs, least, epochs: Number(epochs.toFixed(1)) });
  }
}

/** What is left in each average of the weights that it began with. */
function noteAverages(notes: NoteList, { ema, train }: RunConfig): void {
  for (const decay of ema.decays) {
    let share = 1;
    for (let step = 1; step < train.steps && share > SHARE.average; step++)
      share *= emaDecay(decay, ema, step);
    if (share <= SHARE.average) continue;
    const percent = Number((100 * share).toFixed(1));
    notes.add('DDPM_NOTE_AVERAGE', { decay, steps: train.steps, percent });
  }
}

function noteGrids(notes: NoteList, { samples, diffusion, train }: RunConfig): void {
  const { everySteps, sampleSteps } = samples;
  const { numTimesteps } = diffusion;
  if (everySteps === 0) return;
  if (sampleSteps > numTimesteps) notes.add('DDPM_NOTE_SAMPLE_STEPS', { sampleSteps, numTimesteps });
  if (everySteps > train.steps) notes.add('DDPM_NOTE_GRIDS_NONE', { everySteps, steps: train.steps });
}
