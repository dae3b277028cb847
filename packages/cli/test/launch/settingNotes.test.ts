import { readdirSync } from 'node:fs';
import { loadConfig } from '@ddpm-fleet/config';
import test from 'ava';
import { settingNotes } from '../../src/launch/settingNotes.js';

/** A run of which nothing is noted. */
const PLAIN = ['train.steps=20000', 'optimizer.warmupSteps=100', 'ema.decays=0.999'];

function codesOf(set: readonly string[], datasetSize?: number): string[] {
  const config = loadConfig({ set: [...PLAIN, ...set], env: {} });
  return settingNotes(config, datasetSize).map(({ code }) => code.replace('DDPM_NOTE_', ''));
}

test('nothing is noted of a usual run', (t) => {
  t.deepEqual(codesOf([]), []);
});

for (const [codes, ...set] of [
  ['CHAIN_SHORT', 'diffusion.numTimesteps=20'],
  ['CHAIN_SHORT', 'diffusion.numTimesteps=400'],
  ['', 'diffusion.numTimesteps=500'],
  ['', 'diffusion.numTimesteps=20', 'diffusion.betaSchedule=cosine'],
  ['CHAIN_LONG', 'diffusion.numTimesteps=4000'],
  ['', 'diffusion.numTimesteps=4000', 'diffusion.betaSchedule=cosine'],
  ['WARMUP', 'optimizer.warmupSteps=20000'],
  ['', 'optimizer.warmupSteps=19999'],
  ['SCHEDULE_ENDED', 'optimizer.lrSchedule=cosine', 'optimizer.scheduleSteps=19999'],
  ['SCHEDULE_ENDED', 'optimizer.lrSchedule=linear', 'optimizer.scheduleSteps=200'],
  ['', 'optimizer.lrSchedule=cosine', 'optimizer.scheduleSteps=20000'],
  ['AVERAGE', 'ema.decays=0.9999'],
  ['AVERAGE,AVERAGE', 'ema.decays=0.9999,0.999,0.99995'],
  ['', 'ema.decays=0.9999', 'ema.start=ramp'],
  ['', 'samples.sampleSteps=2000'],
  ['SAMPLE_STEPS', 'samples.everySteps=100', 'samples.sampleSteps=2000'],
  ['GRIDS_NONE', 'samples.everySteps=30000'],
  ['CHECKPOINT_EACH', 'checkpoint.everySteps=1'],
] as const) {
  test(`${set.join(' ')}: ${codes || 'nothing is noted'}`, (t) => {
    t.is(codesOf(set).join(), codes);
  });
}

test('a schedule in epochs that the run outlives', (t) => {
  const set = [
    'optimizer.lrSchedule=warmupCosineEpochs',
    'optimizer.scheduleEpochs=30',
    'optimizer.warmupEpochs=5',
  ];
  t.deepEqual(codesOf(set, 128 * 20000), []);
  t.deepEqual(codesOf(set, 128 * 500), ['SCHEDULE_RISES']);
});

test('of the configs that come along, the chain of the marathon alone is noted', (t) => {
  const dir = new URL('../../../../../configs/', import.meta.url);
  const noted = readdirSync(dir).flatMap((name) => {
    const config = loadConfig({ file: new URL(name, dir).pathname, env: {} });
    return settingNotes(config).map(({ code }) => `${name} ${code}`);
  });
  t.deepEqual(noted, ['marathon.yaml DDPM_NOTE_CHAIN_SHORT']);
});
