import { writeFileSync } from 'node:fs';
import { loadConfig, type RunConfig } from '@ddpm-fleet/config';
import { openDataset } from '@ddpm-fleet/data';
import { samplerPlan, validateDiffusion } from '@ddpm-fleet/diffusion';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { diffusionConfigOf, Trainer } from '@ddpm-fleet/trainer';
import { Denoiser, gridPng, sample, toBytes } from '@ddpm-fleet/inference';

// `npm run memorise [-- FILE [REGEX [STEPS [SETTING...]]]]`: trains every combination of mean, variance and loss that
// is allowed (and matches) on 8 pictures until it knows them by heart, and draws 8 samples of each: a row a combination,
// the pictures themselves on top.
const file = process.argv[2] ?? 'memorise.png';
const wanted = new RegExp(process.argv[3] ?? '');
const STEPS = Number(process.argv[4] ?? 4000);
/** More settings, as `--set` takes them: `diffusion.timestepSampler=lossSecondMoment`. */
const SET = process.argv.slice(5);
const COUNT = 8;
// Few and large steps of the chain, and small pictures: what the bound says of each t is then of one size, so that its
// loss types learn as fast as the simple ones.
const SETTINGS = [
  ...['data.kind=emoji', 'data.size=8', 'data.category=Smileys & Emotion', 'data.flip=false'],
  ...['model.ch=32', 'model.chMult=[1,2]', 'model.numResBlocks=1', 'model.attnResolutions=[4]'],
  ...['model.dropout=0', 'batch.numSlots=1', `batch.slotBatchSize=${COUNT}`, 'optimizer.lr=0.002'],
  ...['optimizer.warmupSteps=50', 'ema.decays=[0.98]', 'ema.start=warmup', 'diffusion.numTimesteps=5'],
  ...['diffusion.betaSchedule=const', 'diffusion.betaEnd=0.5', 'diffusion.timestepSampler=stratified'],
  ...['optimizer.lrSchedule=cosine', `optimizer.scheduleSteps=${STEPS}`, ...SET],
];
const MEANS = ['eps', 'xStart', 'xPrev', 'v'];
const VARIANCES = ['fixedSmall', 'fixedLarge', 'learned', 'learnedRange'];
const LOSSES = ['mse', 'kl', 'hybrid', 'rescaledMse', 'rescaledKl'];

function allowed(): RunConfig[] {
  const all = MEANS.flatMap((mean) =>
    VARIANCES.flatMap((variance) => LOSSES.map((loss) => configOf(mean, variance, loss))),
  );
  return all.filter((config) => {
    if (!wanted.test(nameOf(config))) return false;
    try {
      validateDiffusion(diffusionConfigOf(config));
      return true;
    } catch {
      return false;
    }
  });
}

function nameOf({ diffusion }: RunConfig): string {
  return `${diffusion.modelMeanType} ${diffusion.modelVarType} ${diffusion.lossType}`;
}

function configOf(mean: string, variance: string, loss: string): RunConfig {
  const types = { modelMeanType: mean, modelVarType: variance, lossType: loss };
  const set = Object.entries(types).map(([name, value]) => `diffusion.${name}=${value}`);
  return loadConfig({ env: {}, set: [...SETTINGS, ...set] });
}

/** Trains on the pictures, and returns samples of the averaged weights as bytes. */
async function memorise(engine: Engine, config: RunConfig, pictures: Uint8Array) {
  const image = { size: config.data.size, channels: 3 };
  const trainer = await Trainer.create(engine, config, image);
  trainer.loadState(trainer.initialState());
  const before = trainer.heldOutLoss(pictures, 'raw');
  for (let globalStep = 0; globalStep < STEPS; globalStep++) trainStep(trainer, config, pictures, globalStep);
  const after = trainer.heldOutLoss(pictures, 'raw');
  const { layout } = trainer;
  const weights = trainer.readState().emas[0]!.values;
  trainer.dispose();
  const denoiser = await Denoiser.open(engine, { config, image, layout, weights }, { batch: COUNT });
  const plan = samplerPlan(config.diffusion, { sampler: 'ddpm' });
  const samples = toBytes(sample(denoiser, { count: COUNT, seed: 0, plan }));
  denoiser.dispose();
  return { before, after, samples };
}

/** How far each sample is from the picture next to it, in grey levels of 255 (root mean square), and which those are. */
function nearest(samples: Uint8Array, pictures: Uint8Array) {
  const size = pictures.length / COUNT;
  const found = Array.from({ length: COUNT }, (_, sample) => {
    const distances = Array.from({ length: COUNT }, (_, picture) => {
      let sum = 0;
      for (let i = 0; i < size; i++)
        sum += (samples[sample * size + i]! - pictures[picture * size + i]!) ** 2;
      return Math.sqrt(sum / size);
    });
    const distance = Math.min(...distances);
    return { distance, picture: distances.indexOf(distance) };
  });
  const distances = found.map(({ distance }) => distance).toSorted((a, b) => a - b);
  return { distances, pictures: new Set(found.map(({ picture }) => picture)).size };
}

function trainStep(trainer: Trainer, { batch }: RunConfig, images: Uint8Array, globalStep: number): void {
  trainer.beginRun();
  const results = Array.from({ length: batch.numSlots }, (_, slot) => {
    const position = BigInt((globalStep * batch.numSlots + slot) * COUNT);
    return trainer.runSlot({ slot, runStart: 0, position, images, globalStep });
  });
  const t = Int32Array.from(results.flatMap((result) => [...result.t]));
  const loss = Float32Array.from(results.flatMap((result) => [...result.loss]));
  trainer.apply(trainer.takePartials()[0]!, { t, loss });
}

const engine = await openEngine({ kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 });
const configs = allowed();
const dataset = await openDataset(configs[0]!.data);
const { size } = configs[0]!.data;
const pictures = new Uint8Array(COUNT * size * size * 3);
await dataset.read(
  Array.from({ length: COUNT }, (_, i) => i * 7),
  pictures,
);
const rows: Uint8Array[] = [pictures];
for (const config of configs) {
  const { before, after, samples } = await memorise(engine, config, pictures);
  rows.push(samples);
  const [from, to] = [before, after].map((loss) => loss.toPrecision(4));
  const { distances, pictures: different } = nearest(samples, pictures);
  const far = [distances[COUNT / 2]!, distances.at(-1)!].map((distance) => distance.toFixed(1));
  console.log(
    `row ${rows.length - 1}: ${nameOf(config)}: loss ${from} -> ${to}; samples ${far[0]} grey levels from a picture (worst ${far[1]}), ${different} different`,
  );
}
const grid = { pixels: Buffer.concat(rows), count: rows.length * COUNT, size, channels: 3 };
writeFileSync(file, await gridPng(grid, COUNT));
console.log(file);
process.exit(0);
