import { loadConfig } from '@ddpm-fleet/config';
import { assertAccepted, NOTES, type Note, type NoteCode } from '@ddpm-fleet/core';
import { samplerPlan } from '@ddpm-fleet/diffusion';
import { diffusionConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { trainedNotes } from '../src/evaluate/bpd.js';
import { rankNotes } from '../src/evaluate/distance.js';
import { settingNotes } from '../src/launch/settingNotes.js';
import { samplingNotes } from '../src/sampling/notes.js';
import type { Trained } from '../src/trained.js';

type Code = Exclude<NoteCode, `DDPM_NOTE_DATA_${string}`>;

/** A run of which nothing is noted, but for what is set. */
const PLAIN = ['train.steps=20000', 'optimizer.warmupSteps=100', 'ema.decays=0.999'];
const configOf = (...set: string[]) => loadConfig({ set: [...PLAIN, ...set], env: {} });
const launched = (...set: string[]) => settingNotes(configOf(...set), 128 * 500);

/** What is said of samples from a model that was trained so. */
function sampled(
  set: readonly string[],
  options: Partial<Parameters<typeof samplerPlan>[1]>,
  guidance = 1,
): readonly Note[] {
  const config = configOf(...set);
  const plan = samplerPlan(diffusionConfigOf(config), {
    ...{ sampler: 'ddim', sampleSteps: 20, clip: 'atEnd' },
    ...options,
  });
  return samplingNotes({ model: { config } } as Trained, plan, { guidance });
}

/** What brings each note about. */
const BROUGHT: Record<Code, () => readonly Note[]> = {
  DDPM_NOTE_CHAIN_SHORT: () => launched('diffusion.numTimesteps=20'),
  DDPM_NOTE_CHAIN_LONG: () => launched('diffusion.numTimesteps=4000'),
  DDPM_NOTE_WARMUP: () => launched('optimizer.warmupSteps=20000'),
  DDPM_NOTE_SCHEDULE_ENDED: () => launched('optimizer.lrSchedule=cosine', 'optimizer.scheduleSteps=19999'),
  DDPM_NOTE_SCHEDULE_RISES: () =>
    launched(
      ...['optimizer.lrSchedule=warmupCosineEpochs', 'optimizer.scheduleEpochs=30'],
      'optimizer.warmupEpochs=5',
    ),
  DDPM_NOTE_AVERAGE: () => launched('ema.decays=0.9999'),
  DDPM_NOTE_SAMPLE_STEPS: () => launched('samples.everySteps=100', 'samples.sampleSteps=2000'),
  DDPM_NOTE_GRIDS_NONE: () => launched('samples.everySteps=30000'),
  DDPM_NOTE_CHECKPOINT_EACH: () => launched('checkpoint.everySteps=1'),
  DDPM_NOTE_SPACING: () => sampled([], { spacing: 'leading', sampleSteps: 4 }),
  DDPM_NOTE_SAMPLER: () => sampled([], { sampler: 'ddpm', variance: 'fixedLarge' }),
  DDPM_NOTE_GUIDANCE: () => sampled(['model.numClasses=4', 'diffusion.labelDropProb=0'], {}, 2),
  DDPM_NOTE_FID_RANK: () => rankNotes({ distance: 1, ranks: [9, 2048], size: 2048 }, ['few', 'many']),
  DDPM_NOTE_BPD_TRAINED: () => trainedNotes(4, 8),
};

for (const [code, notesOf] of Object.entries(BROUGHT)) {
  test(`${code} is said, and refused by --strict unless it is accepted`, (t) => {
    const notes = notesOf();
    t.deepEqual(
      notes.map((note) => note.code as string),
      [code],
    );
    t.notRegex(notes[0]!.text, /\{\w+\}|undefined|NaN/);
    t.throws(() => assertAccepted(notes, { strict: true }), {
      code: 'DDPM_ERR_STRICT',
      message: new RegExp(`\\[${code}\\]`),
    });
    t.notThrows(() => assertAccepted(notes, { strict: true, accept: [code] }));
    t.notThrows(() => assertAccepted(notes, {}));
  });
}

test('nothing is said where nothing is to be said', (t) => {
  t.deepEqual(sampled([], { spacing: 'trailing' }), []);
  t.deepEqual(sampled([], { spacing: 'even' }), []);
  t.deepEqual(sampled(['model.numClasses=4', 'diffusion.labelDropProb=0.1'], {}, 2), []);
  t.deepEqual(sampled(['model.numClasses=4', 'diffusion.labelDropProb=0'], {}, 1), []);
  t.deepEqual(rankNotes({ distance: 1, ranks: [8, 8], size: 8 }, ['a', 'b']), []);
  t.deepEqual(trainedNotes(0, 8), []);
});

test('every note that is not of data has its case here', (t) => {
  const all = Object.keys(NOTES).filter((code) => !code.startsWith('DDPM_NOTE_DATA_'));
  t.deepEqual(Object.keys(BROUGHT), all);
});
